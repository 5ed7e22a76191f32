// JSON text to a Node tree: strict JSON with // and /* */ comments, every position kept.
#pragma once

#include "scenario/document.hpp"
#include "scenario/report.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace brokersim {

/// Objects and lists may be nested this deep.
inline constexpr std::size_t json_depth_max = 64;
/// Values in one document: beyond, the tree would need gigabytes.
inline constexpr std::size_t json_values_max = 20'000'000;

/// Reads `text`, which is source number `source` of `report`. A duplicate key is an error, but the
/// tree comes out; a syntax error, bad UTF-8 or a limit gives nothing.
std::optional<Node> read_json(std::string_view text, std::uint16_t source, Report& report);

} // namespace brokersim

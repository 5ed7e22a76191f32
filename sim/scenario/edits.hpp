// Changes to a document before it is decoded: `--set`, `extends`, the values of a sweep.
#pragma once

#include "scenario/document.hpp"
#include "scenario/load.hpp"
#include "scenario/report.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// Texts that nodes and reports refer to: they stay where they are.
using Texts = std::deque<std::string>;

/// The parts of a JSON pointer; nothing and a sentence when it is none.
std::optional<std::vector<std::string>> pointer_parts(std::string_view pointer, std::string& error);

/// Puts `value` at `pointer`; objects on the way are made, "-" appends to a list. The sentence that
/// says why it cannot, or "".
std::string put_at(Node& root, std::string_view pointer, Node value);

/// Applies the argument of a `--set`: "/pointer=value".
void apply_set(Node& root, const std::string& argument, Texts& texts, Report& report);

/// Puts `text` as a value of that kind at a top-level key, as if `option` had been written there.
void apply_option(Node& root, const std::string& option, std::string_view key, Node::Kind kind,
                  const std::string& text, Texts& texts, Report& report);

/// Reads a scenario and what it extends, merged. Nothing if a text cannot be read (reported).
std::optional<Node> read_with_bases(std::string_view text, const std::string& file_name,
                                    const LoadOptions& options, Texts& texts, Report& report);

} // namespace brokersim

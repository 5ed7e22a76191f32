// The metrics that expectations may ask for, and their units.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace brokersim {

struct Metric {
    enum class Unit : std::uint8_t { duration, rate, count, ratio };
    std::string_view name;
    Unit unit = Unit::count;
    std::string_view doc;
};

std::span<const Metric> all_metrics();
const Metric* find_metric(std::string_view name);

} // namespace brokersim

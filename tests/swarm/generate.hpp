// Random scenarios: valid ones, small ones, with everything that can go wrong.
#pragma once

#include <cstdint>
#include <string>

namespace brokersim::test {

/// The JSON text of scenario number `seed`. The same on every machine.
std::string random_scenario(std::uint64_t seed);

} // namespace brokersim::test

// What is wrong with an input: where, and one sentence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

struct Problem {
    enum class Severity : std::uint8_t { error, warning };
    Severity severity = Severity::error;
    std::string file;
    std::int32_t line = 0;   ///< from 1; 0 = no position
    std::int32_t column = 0; ///< from 1, in bytes
    std::string pointer;     ///< JSON pointer of the value, "" = the whole document
    std::string text;        ///< "unknown key \"replication_facter\" (did you mean …?)"
    std::string source;      ///< the source line (a part of a very long one); empty = none
    std::int32_t caret = 0;  ///< byte of `source`, from 1, under which the caret stands
};

using Problems = std::vector<Problem>;

} // namespace brokersim

// The format as a JSON Schema, made of the tables that read it.
#pragma once

#include <string>

namespace brokersim {

/// A schema in words that draft-07 and 2020-12 share. It says what can be said without looking at
/// two places of a file: `check` knows more.
std::string json_schema();

} // namespace brokersim

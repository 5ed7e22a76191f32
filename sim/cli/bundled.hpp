// The scenarios that come with the program, inside of it.
#pragma once

#include <span>
#include <string_view>

namespace brokersim {

struct BundledFile {
    std::string_view scenario; ///< its folder
    std::string_view name;
    std::string_view text;
};

/// By folder, then by name. The build writes it from the folder `scenarios`.
std::span<const BundledFile> bundled_files();

} // namespace brokersim

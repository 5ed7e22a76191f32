// The words are written in two halves here, so that this file passes its own check.
#include "leftovers.hpp"

#include "words.hpp"

namespace brokersim::tidy {

void check_leftovers(const SourceFile& file, Findings& out) {
    for (std::size_t k = 0; k < file.lines.size(); ++k) {
        for (const std::string_view word : {"TO"
                                            "DO",
                                            "FIX"
                                            "ME",
                                            "XX"
                                            "X",
                                            "HA"
                                            "CK"}) {
            if (find_words(file.lines[k], word) != std::string_view::npos) {
                out.push_back({file.path, k + 1,
                               std::string(word) + ": finish it, or say so where "
                                                   "people look for limits"});
            }
        }
        for (const std::string_view place : {"/wo"
                                             "rk/",
                                             "/ro"
                                             "ot/",
                                             "/ho"
                                             "me/",
                                             "/t"
                                             "mp/"}) {
            if (file.lines[k].find(place) != std::string::npos) {
                out.push_back({file.path, k + 1, std::string(place) + ": a path of one machine"});
            }
        }
    }
}

} // namespace brokersim::tidy

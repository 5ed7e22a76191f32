// The command `check`.
#include "cli/check.hpp"

#include "cli/problems.hpp"
#include "cli/scenario_file.hpp"
#include "trace/utf8.hpp"

#include <ostream>

namespace brokersim {

int check_files(const std::vector<std::string>& files, const LoadOptions& load, std::ostream& out,
                std::ostream& err) {
    std::string fine; // Data only when nothing is refused.
    bool refused = false;
    for (const std::string& file : files) {
        const Loaded loaded = load_scenario_file(file, load);
        print_problems(err, loaded.problems);
        refused = refused || !loaded.scenario;
        fine += visible(shown_name(file)) + ": ok\n";
    }
    if (refused) { return 2; }
    out << fine;
    return 0;
}

} // namespace brokersim

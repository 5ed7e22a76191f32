// `brokersim fmt`: a scenario as it is understood, every default written out.
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/problems.hpp"
#include "cli/scenario_file.hpp"
#include "cli/terminal.hpp"
#include "trace/utf8.hpp"

#include <sstream>

namespace brokersim {

int fmt_command(const FmtOptions& options) {
    const Loaded loaded = load_scenario_file(options.scenario, options.load);
    std::ostringstream problems;
    print_problems(problems, loaded.problems);
    tell(problems.str());
    if (!loaded.scenario) { return Exit::bad_input; }
    if (loaded.has_sweep && !options.quiet) {
        tell("note: " + visible(shown_name(options.scenario)) +
             ": \"sweep\" is no part of a single run and left out\n");
    }
    return write_output(options.output, loaded.canonical);
}

} // namespace brokersim

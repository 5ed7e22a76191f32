// The program `brokersim`: its command line.
#include "cli/check.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/words.hpp"
#include "scenario/report.hpp"
#include "scenario/schema.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

namespace {

constexpr const char* version_text = "brokersim " BROKERSIM_VERSION;

constexpr std::string_view short_help =
    "brokersim simulates a Kafka-like cluster, event by event and reproducibly.\n"
    "\n"
    "  brokersim init replication-table\n"
    "  brokersim run scenario.json --trace t.jsonl\n"
    "  brokersim show t.jsonl --at 12s topics\n"
    "\n"
    "brokersim --help lists the commands.\n";

/// The command line as CLI11 knows it.
class CommandLine {
public:
    CommandLine() {
        app_.set_help_flag("-h,--help", "this help");
        app_.set_version_flag("--version", version_text);
        app_.allow_extras();
        add_run();
        add_check();
        add_fmt();
        add_show();
        add_grep();
        add_list();
        add_init();
        add_schema();
        add_completion();
        app_.footer(
            "Exit status: 0 fine, 1 an expectation failed, 2 bad usage or input, 3 internal "
            "error or\nan output that could not be written, 4 a limit ended the run, 130 "
            "and 143 signals.");
    }

    int execute(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
            return command();
        } catch (const CLI::CallForVersion&) {
            return print(std::string(version_text) + "\n", Exit::fine);
        } catch (const CLI::CallForHelp&) {
            const CLI::App* sub = chosen();
            return print(sub != nullptr ? sub->help("brokersim") : app_.help(), Exit::fine);
        } catch (const CLI::ParseError& error) {
            return refuse(std::string(error.what()).substr(0, 500));
        } catch (const UsageError& error) { return refuse(error.text); }
    }

private:
    /// `examples`: command lines, one to a line.
    CLI::App* add(const std::string& name, const std::string& does, const std::string& examples) {
        CLI::App* sub = app_.add_subcommand(name, does);
        sub->footer("Examples:\n" + examples);
        sub->set_help_flag("-h,--help", "this help");
        sub->set_version_flag("--version", version_text);
        sub->allow_extras();
        sub->add_option("--color", words_.colour, "auto, always or never")->type_name("WHEN");
        sub->add_flag("-q,--quiet", words_.quiet, "no progress, no hints");
        return sub;
    }

    static CLI::Option* single(CLI::App* sub, const std::string& name, std::string& to,
                               const std::string& does, const std::string& type) {
        return sub->add_option(name, to, does)->type_name(type)->take_last();
    }

    /// What a command cannot do without: one word, or a list of them.
    template <class Words>
    static void argument(CLI::App* sub, const std::string& name, Words& to,
                         const std::string& does) {
        sub->add_option(name, to, does)->type_name("")->required();
    }

    /// Options that change a scenario, and those that limit it.
    void add_changes(CLI::App* sub) {
        single(sub, "--seed", words_.seed, "another seed than the scenario's", "N");
        sub->add_option("--set", words_.sets, "change a value: /pointer=JSON or text; repeatable")
            ->type_name("/POINTER=VALUE")
            ->take_all()
            ->expected(1)
            ->allow_extra_args(false);
        single(sub, "--duration", words_.duration, "another duration, such as 10s", "D");
        single(sub, "--max-events", words_.max_events, "end the run after so many events", "N");
        single(sub, "--max-memory", words_.max_memory, "such as 4GiB", "SIZE");
        single(sub, "--max-machines", words_.max_machines, "refuse larger scenarios", "N");
        single(sub, "--max-partitions", words_.max_partitions, "refuse larger scenarios", "N");
    }

    void add_run() {
        run_ = add("run", "run scenarios and print what happened",
                   "  brokersim run scenario.json --trace t.jsonl\n"
                   "  brokersim run scenario.json --set /producers/0/config/acks=1 --seed 7\n"
                   "  brokersim run scenario.json --narrate");
        argument(run_, "SCENARIO", words_.scenarios, "scenario files, - for standard input");
        add_changes(run_);
        single(run_, "--trace", words_.trace,
               "write a trace: FILE.jsonl, FILE.jsonl.zst, - for standard output; of several "
               "scenarios a folder",
               "FILE");
        single(run_, "--trace-level", words_.trace_level, "state, records or all", "LEVEL")
            ->capture_default_str();
        run_->add_flag("--json", words_.json, "the summary as one line of JSON");
        run_->add_flag("--narrate", words_.narrate, "tell what happens, a sentence a line");
        single(run_, "--time-limit", words_.time_limit,
               "end the run after so long by the clock on the wall", "D");
    }

    void add_check() {
        check_ = add("check", "validate scenarios, and tell all problems",
                     "  brokersim check scenario.json other.json");
        argument(check_, "SCENARIO", words_.scenarios, "scenario files, - for standard input");
        add_changes(check_);
    }

    void add_fmt() {
        fmt_ = add("fmt",
                   "a scenario as it is understood: every default written out, one spelling for "
                   "one meaning",
                   "  brokersim fmt scenario.json\n"
                   "  brokersim fmt scenario.json --set /seed=7 -o resolved.json");
        argument(fmt_, "SCENARIO", words_.source, "a scenario file, - for standard input");
        add_changes(fmt_);
        single(fmt_, "-o,--output", words_.output, "where to; - is standard output", "FILE");
    }

    void add_show() {
        show_ = add("show", "the state of the cluster at a time, out of a trace",
                    "  brokersim show t.jsonl --at 12s topics\n"
                    "  brokersim show t.jsonl --at 12s groups --members\n"
                    "  brokersim show t.jsonl --at 12s quorum --replication\n"
                    "  brokersim show t.jsonl log orders/0");
        argument(show_, "TRACE", words_.source, "a trace file, - for standard input");
        show_
            ->add_option("WHAT", words_.what,
                         "topics (as kafka-topics --describe), groups (as kafka-consumer-groups "
                         "--describe), brokers, quorum (as kafka-metadata-quorum describe), "
                         "or: log TOPIC/PARTITION (its table of at most 100000 rows)")
            ->type_name("");
        single(show_, "--at", words_.at, "virtual time such as 12.5s; default: the end", "T");
        show_->add_flag("--members", words_.members, "groups: members and what they own");
        show_->add_flag("--state", words_.state, "groups: coordinator, strategy and state");
        show_->add_flag("--status", words_.status, "quorum: leader, voters, lag (the default)");
        show_->add_flag("--replication", words_.replication, "quorum: the log of each replica");
        show_->add_flag("--partial", words_.partial, "a trace without end record will do");
    }

    void add_grep() {
        grep_ = add("grep", "the lines of a trace that are about something",
                    "  brokersim grep t.jsonl --event ctl.part --tp orders/0\n"
                    "  brokersim grep t.jsonl --event 'prod.*' --from 10s --to 12s\n"
                    "  brokersim grep t.jsonl --fault power");
        argument(grep_, "TRACE", words_.source, "a trace file, - for standard input");
        several(grep_, "--event", words_.events, "events of this name, or of a kind: prod.*",
                "NAME");
        several(grep_, "--node", words_.nodes, "that name this machine", "NAME");
        several(grep_, "--tp", words_.partitions, "that name this partition", "TOPIC/N");
        several(grep_, "--fault", words_.faults, "of this fault, and all that came of it", "ID");
        single(grep_, "--from", words_.from, "not before this virtual time", "T");
        single(grep_, "--to", words_.to, "not after it", "T");
        grep_->add_flag("--partial", words_.partial, "a trace without end record will do");
    }

    void add_list() {
        list_ = add("list", "the scenarios that come with the program", "  brokersim list");
        list_->add_flag("--json", words_.json, "as JSON");
    }

    void add_init() {
        init_ = add("init", "copy the files of a bundled scenario, to start from",
                    "  brokersim init replication-table my-scenario");
        argument(init_, "NAME", words_.name, "as `brokersim list` shows it");
        init_->add_option("FOLDER", words_.folder, "where to; default: here")->type_name("");
        init_->add_flag("--force", words_.force, "replace files that exist");
    }

    void add_schema() {
        schema_ = add("schema", "the JSON Schema of scenario files, for editors",
                      "  brokersim schema -o brokersim.schema.json");
        single(schema_, "-o,--output", words_.output, "where to; - is standard output", "FILE");
    }

    void add_completion() {
        completion_ = add("completion", "a script with which bash completes commands and options",
                          "  source <(brokersim completion)");
    }

    static void several(CLI::App* sub, const std::string& name, std::vector<std::string>& to,
                        const std::string& does, const std::string& type) {
        sub->add_option(name, to, does + "; repeatable")
            ->type_name(type)
            ->take_all()
            ->expected(1)
            ->allow_extra_args(false);
    }

    CLI::App* chosen() const {
        const std::vector<CLI::App*> subs = app_.get_subcommands();
        return subs.empty() ? nullptr : subs.front();
    }

    int command() {
        const CLI::App* sub = chosen();
        check_extras(sub != nullptr ? *sub : app_);
        if (sub == run_) { return run_command(run_options(*sub, words_)); }
        if (sub == check_) { return check_command(check_options(*sub, words_)); }
        if (sub == fmt_) { return fmt_command(fmt_options(*sub, words_)); }
        if (sub == show_) { return show_command(show_options(*sub, words_)); }
        if (sub == grep_) { return grep_command(grep_options(*sub, words_)); }
        if (sub == list_) { return list_command(list_options(words_)); }
        if (sub == init_) { return init_command(init_options(words_)); }
        if (sub == schema_) { return write_output(words_.output, json_schema()); }
        if (sub == completion_) { return print(completion(), Exit::fine); }
        return print(short_help, Exit::fine);
    }

    /// What nobody wanted: a misspelt option or command.
    void check_extras(const CLI::App& app) const {
        const std::vector<std::string> extras = app.remaining();
        if (extras.empty()) { return; }
        const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
            return word.size() > 1 && word.front() == '-';
        });
        if (option != extras.end()) {
            const std::string name = option->substr(0, option->find('='));
            throw UsageError{"unknown option " + in_quotes(name) + hint(name, app)};
        }
        if (&app != &app_) { throw UsageError{"unexpected " + in_quotes(extras.front())}; }
        std::vector<std::string> names;
        for (const CLI::App* sub : app_.get_subcommands({})) {
            names.push_back(sub->get_name());
        }
        throw UsageError{"unknown command " + in_quotes(extras.front()) +
                         did_you_mean(extras.front(), {names.begin(), names.end()})};
    }

    /// For bash: commands first, then the options of the command, else files.
    std::string completion() const {
        std::string commands;
        std::string cases;
        for (const CLI::App* sub : app_.get_subcommands({})) {
            commands += (commands.empty() ? "" : " ") + sub->get_name();
            cases += "        " + sub->get_name() + ") options=\"";
            for (const CLI::Option* option : sub->get_options()) {
                for (const std::string& name : option->get_lnames()) {
                    cases += "--" + name + " ";
                }
            }
            cases.back() = '"';
            cases += " ;;\n";
        }
        return "_brokersim() {\n"
               "    local word=${COMP_WORDS[COMP_CWORD]} options=\n"
               "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
               "        COMPREPLY=($(compgen -W \"" +
               commands +
               "\" -- \"$word\"))\n"
               "        return\n"
               "    fi\n"
               "    case ${COMP_WORDS[1]} in\n"
               "        init) COMPREPLY=($(compgen -W \"$(brokersim list | grep '^[^ ]' | cut -d' "
               "' "
               "-f1)\" -- \"$word\")) ;;&\n" +
               cases +
               "    esac\n"
               "    case $word in\n"
               "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
               "    esac\n"
               "}\n"
               "complete -o default -F _brokersim brokersim\n";
    }

    static std::string hint(const std::string& name, const CLI::App& app) {
        std::vector<std::string> names;
        for (const CLI::Option* option : app.get_options()) {
            for (const std::string& known : option->get_lnames()) {
                names.push_back("--" + known);
            }
        }
        return did_you_mean(name, {names.begin(), names.end()});
    }

    int refuse(const std::string& text) const {
        complain(text);
        const CLI::App* sub = chosen();
        tell("try: brokersim " + (sub != nullptr ? sub->get_name() + " " : "") + "--help\n");
        return Exit::bad_input;
    }

    CLI::App app_{"brokersim simulates a Kafka-like cluster, event by event and reproducibly.",
                  "brokersim"};
    CLI::App* run_ = nullptr;
    CLI::App* check_ = nullptr;
    CLI::App* fmt_ = nullptr;
    CLI::App* show_ = nullptr;
    CLI::App* grep_ = nullptr;
    CLI::App* list_ = nullptr;
    CLI::App* init_ = nullptr;
    CLI::App* schema_ = nullptr;
    CLI::App* completion_ = nullptr;
    Words words_;
};

} // namespace

int check_command(const CheckOptions& options) {
    std::ostringstream fine;
    std::ostringstream problems;
    const int status = check_files(options.scenarios, options.load, fine, problems);
    tell(problems.str());
    return print(fine.str(), status);
}

} // namespace brokersim

int main(int argc, char** argv) {
    brokersim::prepare_streams();
    return brokersim::CommandLine().execute(argc, argv);
}

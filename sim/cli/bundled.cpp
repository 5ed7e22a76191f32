// `brokersim list` and `brokersim init`: the scenarios inside the program.
#include "cli/bundled.hpp"

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "scenario/load.hpp"
#include "scenario/report.hpp"
#include "trace/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace brokersim {
namespace {

constexpr std::string_view main_file = "scenario.json";

/// The first line of a description.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

/// A scenario as it is loaded from its folder inside the program.
std::string description_of(const BundledFile& file) {
    LoadOptions options;
    options.read_file = [&](const std::string& path) {
        for (const BundledFile& other : bundled_files()) {
            if (other.scenario == file.scenario && other.name == path) {
                return FileText{true, std::string(other.text), {}};
            }
        }
        return FileText{false, {}, "no such file"};
    };
    const Loaded loaded = load_scenario(file.text, std::string(file.name), options);
    return loaded.scenario ? first_line(loaded.scenario->description) : "";
}

bool is_scenario(const BundledFile& file) {
    return file.name.ends_with(".json");
}

/// Names of the folders, each once.
std::vector<std::string_view> names() {
    std::vector<std::string_view> out;
    for (const BundledFile& file : bundled_files()) {
        if (file.name == main_file) { out.push_back(file.scenario); }
    }
    return out;
}

std::vector<const BundledFile*> files_of(std::string_view scenario) {
    std::vector<const BundledFile*> out;
    for (const BundledFile& file : bundled_files()) {
        if (file.scenario == scenario) { out.push_back(&file); }
    }
    return out;
}

const BundledFile* main_of(const std::vector<const BundledFile*>& files) {
    const auto found = std::find_if(files.begin(), files.end(), [](const BundledFile* file) {
        return file->name == main_file;
    });
    return found == files.end() ? nullptr : *found;
}

std::string list_json() {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const std::string_view name : names()) {
        const auto files = files_of(name);
        nlohmann::ordered_json entry;
        entry["name"] = name;
        entry["description"] = description_of(*main_of(files));
        entry["variants"] = nlohmann::ordered_json::array();
        entry["files"] = nlohmann::ordered_json::array();
        for (const BundledFile* file : files) {
            entry["files"].push_back(file->name);
            if (!is_scenario(*file) || file->name == main_file) { continue; }
            nlohmann::ordered_json variant;
            variant["file"] = file->name;
            variant["description"] = description_of(*file);
            entry["variants"].push_back(std::move(variant));
        }
        all.push_back(std::move(entry));
    }
    return all.dump() + "\n";
}

std::string list_text() {
    std::vector<std::pair<std::string, std::string>> rows;
    std::size_t width = 0;
    const auto add = [&](std::string name, const BundledFile& file) {
        width = std::max(width, name.size());
        rows.emplace_back(std::move(name), description_of(file));
    };
    for (const std::string_view name : names()) {
        const auto files = files_of(name);
        add(std::string(name), *main_of(files));
        for (const BundledFile* file : files) {
            if (is_scenario(*file) && file->name != main_file) {
                add("  " + std::string(file->name), *file);
            }
        }
    }
    std::string text;
    for (const auto& [name, description] : rows) {
        text += visible(name) + std::string(width - name.size(), ' ') + "  " +
                visible(description) + "\n";
    }
    return text;
}

int refuse(const std::string& text) {
    complain(text);
    return Exit::bad_input;
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

} // namespace

int list_command(const ListOptions& options) {
    return print(options.json ? list_json() : list_text(), Exit::fine);
}

int init_command(const InitOptions& options) {
    const auto files = files_of(options.name);
    if (main_of(files) == nullptr) {
        return refuse("there is no bundled scenario " + in_quotes(options.name) +
                      did_you_mean(options.name, names()) + "; brokersim list shows them");
    }
    for (const BundledFile* file : files) {
        const std::string path = options.folder + "/" + std::string(file->name);
        if (!options.force && exists(path)) {
            return refuse(shown_path(path) + " exists already; --force replaces it");
        }
    }
    if (::mkdir(options.folder.c_str(), 0777) != 0 && errno != EEXIST) {
        complain("cannot make the folder " + shown_path(options.folder) + ": " + os_error(errno));
        return Exit::broken;
    }
    std::string written;
    for (const BundledFile* file : files) {
        const std::string path = options.folder + "/" + std::string(file->name);
        if (const int status = write_output(path, file->text); status != Exit::fine) {
            return status;
        }
        written += shown_path(path) + "\n";
    }
    const int status = print(written, Exit::fine);
    if (status == Exit::fine && !options.quiet) {
        tell("next: brokersim run " + shown_path(options.folder + "/" + std::string(main_file)) +
             "\n");
    }
    return status;
}

} // namespace brokersim

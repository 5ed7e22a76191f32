// Reading, checking and rewriting transcripts.
#include "support/transcript.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace brokersim::test {

bool Command::has(const std::string& key) const {
    return std::any_of(values.begin(), values.end(),
                       [&](const auto& value) { return value.first == key; });
}

std::string Command::text(const std::string& key, const std::string& otherwise) const {
    for (const auto& [name_of, value] : values) {
        if (name_of == key) return value;
    }
    return otherwise;
}

std::int64_t Command::number(const std::string& key, std::int64_t otherwise) const {
    return has(key) ? std::atoll(text(key, "").c_str()) : otherwise;
}

const std::string& Command::word(std::size_t k) const {
    REQUIRE_MESSAGE(k < words.size(), place << ": " << name << " wants more words");
    return words[k];
}

namespace {

Command parse(const std::string& line, const std::string& place) {
    Command command;
    command.place = place;
    std::istringstream in(line);
    in >> command.name;
    for (std::string item; in >> item;) {
        const std::size_t equals = item.find('=');
        if (equals == std::string::npos) {
            command.words.push_back(item);
        } else {
            command.values.emplace_back(item.substr(0, equals), item.substr(equals + 1));
        }
    }
    return command;
}

std::vector<std::string> lines_of(const std::string& file) {
    std::ifstream in(file);
    REQUIRE_MESSAGE(in.good(), "cannot read " << file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

bool rewriting() {
    const char* const wish = std::getenv("BROKERSIM_REWRITE");
    return wish != nullptr && std::string(wish) == "1";
}

} // namespace

void check_transcript(const std::string& file,
                      const std::function<std::string(const Command&)>& answer) {
    const std::vector<std::string> lines = lines_of(file);
    const std::string name = std::filesystem::path(file).filename().string();
    CHECK_MESSAGE((!lines.empty() && lines.front().starts_with("# ")),
                  name << " does not begin with the sentence that it proves");
    std::string rewritten;
    std::size_t commands = 0;
    for (std::size_t k = 0; k < lines.size();) {
        if (lines[k].empty() || lines[k].starts_with("#")) {
            rewritten += lines[k++] + "\n";
            continue;
        }
        const Command command = parse(lines[k], name + ":" + std::to_string(k + 1));
        rewritten += lines[k++] + "\n----\n";
        ++commands;
        std::string expected;
        if (k < lines.size() && lines[k] == "----") ++k;
        for (; k < lines.size() && !lines[k].empty(); ++k)
            expected += lines[k] + "\n";
        std::string got = answer(command);
        if (got.empty()) got = "ok\n";
        rewritten += got;
        if (!rewriting()) {
            CHECK_MESSAGE(got == expected, command.place << ": " << command.name
                                                         << "\n--- expected\n"
                                                         << expected << "--- got\n"
                                                         << got);
        }
    }
    CHECK_MESSAGE(commands > 0, name << " asks nothing");
    if (rewriting()) std::ofstream(file) << rewritten;
}

std::vector<std::string> transcripts_in(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace brokersim::test

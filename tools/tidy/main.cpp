// The program brokersim_tidy: reads the source tree and tells what breaks the rules of the house.
#include "layers.hpp"
#include "leftovers.hpp"
#include "shape.hpp"
#include "source.hpp"
#include "words.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace brokersim::tidy {

namespace {

namespace fs = std::filesystem;

/// Kept as they came from elsewhere; the table quotes Kafka's own defaults.
const std::vector<std::string_view> foreign = {"tests/oracle", "tests/vectors", "LICENSE",
                                               "sim/scenario/kafka_settings.inc"};

/// What may lie at the top of the tree; anything else there (build folders) is not ours.
const std::vector<std::string_view> roots = {"include", "sim",  "scenarios", "tests",
                                             "tools",   "docs", ".ci"};

bool is_text(const fs::path& path, const std::string& text) {
    static const std::vector<std::string> known = {".cpp", ".hpp", ".inc", ".txt",  ".cmake", ".in",
                                                   ".py",  ".sh",  ".md",  ".json", ".csv"};
    const std::string extension = path.extension().string();
    return std::find(known.begin(), known.end(), extension) != known.end() ||
           text.starts_with("#!");
}

void read(const fs::path& top, const fs::path& path, std::vector<SourceFile>& out) {
    std::string name = fs::relative(path, top).generic_string();
    if (lies_in(name, foreign) || name.find("__pycache__") != std::string::npos) { return; }
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (is_text(path, text)) { out.push_back(source_file(std::move(name), text)); }
}

std::vector<SourceFile> read_tree(const fs::path& top) {
    std::vector<SourceFile> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(top)) {
        if (entry.is_regular_file()) { read(top, entry.path(), files); }
    }
    for (const std::string_view root : roots) {
        if (!fs::is_directory(top / root)) { continue; }
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(top / root)) {
            if (entry.is_regular_file()) { read(top, entry.path(), files); }
        }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

int check(const fs::path& top, bool quiet) {
    const std::vector<SourceFile> files = read_tree(top);
    if (std::none_of(files.begin(), files.end(),
                     [](const SourceFile& file) { return file.path == "CMakeLists.txt"; })) {
        std::cerr << "brokersim_tidy: " << top << " is no source tree of brokersim\n";
        return 2;
    }
    Findings findings;
    for (const SourceFile& file : files) {
        check_layers(file, findings);
        check_words(file, findings);
        check_shape(file, findings);
        check_leftovers(file, findings);
    }
    for (const Finding& finding : findings) {
        std::cout << finding.path << ':' << finding.line << ": " << finding.text << '\n';
    }
    if (!quiet) { std::cout << files.size() << " files, " << findings.size() << " findings\n"; }
    return findings.empty() ? 0 : 1;
}

int run(int argc, char** argv) {
    namespace po = boost::program_options;
    po::options_description options("brokersim_tidy [TREE]: checks the rules of docs/style.md.\n"
                                    "Exit status: 0 clean, 1 findings, 2 bad usage.\nOptions");
    options.add_options()("help,h", "this help")("quiet,q", "findings only, no closing line")(
        "tree", po::value<std::string>()->default_value("."), "the source tree");
    po::positional_options_description positional;
    positional.add("tree", 1);
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(options).positional(positional).run(),
              given);
    po::notify(given);
    if (given.count("help") > 0) {
        std::cout << options;
        return 0;
    }
    const fs::path top = given["tree"].as<std::string>();
    if (!fs::is_directory(top)) {
        std::cerr << "brokersim_tidy: " << top << " is no folder\n";
        return 2;
    }
    return check(top, given.count("quiet") > 0);
}

} // namespace

} // namespace brokersim::tidy

int main(int argc, char** argv) {
    try {
        return brokersim::tidy::run(argc, argv);
    } catch (const boost::program_options::error& error) {
        std::cerr << "brokersim_tidy: " << error.what() << '\n';
        return 2;
    }
}

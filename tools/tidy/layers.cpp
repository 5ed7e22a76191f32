// The include graph. A file includes its own layer and those below it, never a sibling.
#include "layers.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace brokersim::tidy {

namespace {

/// A folder of sim/ and the folders whose headers its files may include, besides its own.
struct Layer {
    std::string_view name;
    std::vector<std::string_view> sees;
};

const std::vector<Layer>& layers() {
    static const std::vector<Layer> all = [] {
        std::vector<Layer> list;
        std::vector<std::string_view> below;
        const auto floor = [&](std::initializer_list<std::string_view> siblings) {
            for (const std::string_view name : siblings) {
                list.push_back({name, below});
            }
            below.insert(below.end(), siblings);
        };
        floor({"engine"});
        floor({"net", "disk"});
        for (const std::string_view name :
             {"protocol", "rpc", "zookeeper", "log", "server", "replica"}) {
            floor({name});
        }
        floor({"broker", "controller", "group", "client"});
        floor({"cluster"});
        // The side branches meet the rest only in public data, which is include/brokersim.
        list.push_back({"trace", {}});
        list.push_back({"scenario", {}});
        for (const std::string_view name : {"observe", "inspect", "compare", "report"}) {
            list.push_back({name, {"trace"}});
        }
        std::vector<std::string_view> everything;
        for (const Layer& layer : list) {
            everything.push_back(layer.name);
        }
        list.push_back({"campaign", everything});
        everything.push_back("campaign");
        list.push_back({"cli", everything});
        return list;
    }();
    return all;
}

/// A package and the only places that may include it.
struct Package {
    std::string_view prefix;
    std::vector<std::string_view> places;
};

const std::vector<Package>& packages() {
    static const std::vector<Package> all = {
        {"xxhash.h", {"sim/trace", "sim/scenario", "sim/cli", "tests"}},
        {"nlohmann/", {"sim/scenario", "sim/cli", "tests"}},
        {"CLI/", {"sim/cli", "tests/swarm"}},
        {"zstd.h", {"sim/cli"}},
        {"doctest/", {"tests", "tools/tidy/tidy_test.cpp"}},
        {"boost/", {"tools"}},
        {"benchmark/", {"tools/bench"}},
        {"Random123/", {"tests"}},
    };
    return all;
}

const Layer* layer_named(std::string_view name) {
    const auto found = std::find_if(layers().begin(), layers().end(),
                                    [name](const Layer& layer) { return layer.name == name; });
    return found == layers().end() ? nullptr : &*found;
}

/// The text between the brackets or quotes of an include.
std::optional<std::string_view> included(std::string_view line) {
    if (!line.starts_with("#include")) { return std::nullopt; }
    const std::size_t open = line.find_first_of("<\"");
    if (open == std::string_view::npos) { return std::nullopt; }
    const std::size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
    return line.substr(open + 1, close - open - 1);
}

void check_layer(const SourceFile& file, std::size_t line, std::string_view header, Findings& out) {
    const bool vocabulary = file.path.starts_with("include/");
    if (!vocabulary && !file.path.starts_with("sim/")) { return; }
    const std::string_view path = file.path;
    const std::string_view own = vocabulary ? "brokersim" : path.substr(4, path.find('/', 4) - 4);
    const std::string_view theirs = header.substr(0, header.find('/'));
    if (theirs == own || theirs == "brokersim") { return; }
    if (!vocabulary && layer_named(own) == nullptr) {
        out.push_back({file.path, line, "sim/" + std::string(own) + " is no layer that is known"});
        return;
    }
    if (layer_named(theirs) == nullptr) { return; }
    if (!vocabulary) {
        const std::vector<std::string_view>& sees = layer_named(own)->sees;
        if (std::find(sees.begin(), sees.end(), theirs) != sees.end()) { return; }
    }
    out.push_back({file.path, line,
                   std::string(own) + " must not include " + std::string(theirs) +
                       ": it stands beside or above it"});
}

} // namespace

void check_layers(const SourceFile& file, Findings& out) {
    for (std::size_t k = 0; k < file.code.size(); ++k) {
        const std::optional<std::string_view> header = included(file.code[k]);
        if (!header) { continue; }
        if (file.code[k].find('"') != std::string::npos) {
            check_layer(file, k + 1, *header, out);
            continue;
        }
        for (const Package& package : packages()) {
            if (header->starts_with(package.prefix) && !lies_in(file.path, package.places)) {
                out.push_back({file.path, k + 1,
                               std::string(*header) + " is not for this folder (" +
                                   std::string(package.places.front()) + " has it)"});
            }
        }
    }
}

} // namespace brokersim::tidy

// docs/scenario-format.md: its tables are those that read the files.
// BROKERSIM_REWRITE=1 writes them anew between their marks.
#include "scenario/draft.hpp"
#include "scenario/metrics.hpp"
#include "scenario/modelled.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

using namespace brokersim;

namespace {

const std::string page = std::string(BROKERSIM_SOURCE) + "/docs/scenario-format.md";

std::string code(std::string_view text) {
    return "`" + std::string(text) + "`";
}

std::string words_text(const KeyInfo& info) {
    std::string out;
    std::string later;
    for (std::string_view word : split(info.words)) {
        const bool built = !word.starts_with('~');
        if (!built) { word.remove_prefix(1); }
        std::string& list = built ? out : later;
        list += (list.empty() ? "" : ", ") + code(word);
    }
    return later.empty() ? out : out + "; not built yet: " + later;
}

std::string range_text(const KeyInfo& info) {
    const bool bounded = info.high != std::numeric_limits<std::int64_t>::max();
    if (info.low == 0 && !bounded) { return ""; }
    if (info.low == std::numeric_limits<std::int64_t>::min()) { return ""; }
    return bounded ? ", " + std::to_string(info.low) + " to " + std::to_string(info.high)
                   : ", at least " + std::to_string(info.low);
}

std::string value_text(const KeyInfo& info) {
    std::string out = info.shape->kind == Shape::Kind::word && info.shape->words == nullptr
                          ? words_text(info)
                          : std::string(info.shape->name);
    if (info.shape->kind == Shape::Kind::integer) { out += range_text(info); }
    if (info.required) { return out + "; needed"; }
    return info.fallback.empty() ? out : out + "; " + code(info.fallback);
}

std::string table_of(const Shape& object) {
    std::string out = "| key | value; default | meaning |\n|---|---|---|\n";
    for (std::size_t k = 0; k < object.keys; ++k) {
        const KeyInfo& info = object.key(k);
        out += "| " + code(info.name) + " | " + value_text(info) + " | " +
               (info.built ? "" : "*not built yet*: ") + std::string(info.doc) + " |\n";
    }
    return out;
}

using Blocks = std::map<std::string, std::string>;

/// Tables of all objects below a shape, by their path in a file.
void collect(const Shape& shape, const std::string& path, Blocks& out) {
    if (&shape == &AsDistribution::shape || &shape == &AsSizes::shape) {
        if (out.contains("keys distribution")) { return; }
        out["keys distribution"] = "";
        collect(*shape.other, "distribution", out);
        return;
    }
    switch (shape.kind) {
    case Shape::Kind::either:
        collect(*shape.item, path, out);
        collect(*shape.other, path, out);
        break;
    case Shape::Kind::list:
    case Shape::Kind::map: collect(*shape.item, path, out); break;
    case Shape::Kind::object:
        out["keys " + (path.empty() ? "scenario" : path)] = table_of(shape);
        for (std::size_t k = 0; k < shape.keys; ++k) {
            const KeyInfo& info = shape.key(k);
            collect(*info.shape, (path.empty() ? "" : path + ".") + std::string(info.name), out);
        }
        break;
    default: break;
    }
}

template <class Config>
std::string settings_table(std::span<const Modelled<Config>> table) {
    std::string out = "| setting | default |\n|---|---|\n";
    const Config defaults;
    for (const auto& setting : table) {
        out += "| " + code(setting.name) + " | " + code(setting.json(defaults)) + " |\n";
    }
    return out;
}

std::string metrics_table() {
    constexpr std::string_view units[] = {"duration", "rate", "integer", "ratio"};
    std::string out = "| metric | value | meaning |\n|---|---|---|\n";
    for (const Metric& metric : all_metrics()) {
        out += "| " + code(metric.name) + " | " +
               std::string(units[static_cast<std::size_t>(metric.unit)]) + " | " +
               std::string(metric.doc) + " |\n";
    }
    return out;
}

Blocks blocks() {
    Blocks out;
    collect(scenario_shape, "", out);
    out["settings server"] = settings_table(modelled_server());
    out["settings topic defaults"] = settings_table(modelled_topic_defaults());
    out["settings topic"] = settings_table(modelled_topic());
    out["settings producer"] = settings_table(modelled_producer());
    out["settings consumer"] = settings_table(modelled_consumer());
    out["metrics"] = metrics_table();
    return out;
}

std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The page with every block between its marks as it should be; the marks that are missing.
std::string renewed(std::string text, std::string& missing) {
    for (const auto& [name, block] : blocks()) {
        const std::string mark = "<!-- " + name + " -->\n";
        const std::size_t begin = text.find(mark);
        const std::size_t end = text.find("<!-- end -->", begin);
        if (begin == std::string::npos || end == std::string::npos) {
            missing += mark;
            continue;
        }
        const std::size_t from = begin + mark.size();
        text.replace(from, end - from, block);
    }
    return text;
}

} // namespace

TEST_CASE("reference: every table of the page is the one that reads files") {
    const std::string text = read(page);
    REQUIRE_FALSE(text.empty());
    std::string missing;
    const std::string wanted = renewed(text, missing);
    CHECK(missing == "");
    const char* rewrite = std::getenv("BROKERSIM_REWRITE");
    if (rewrite != nullptr && std::string_view(rewrite) == "1") { std::ofstream(page) << wanted; }
    CHECK(read(page) == wanted);
}

TEST_CASE("reference: every key says what it means") {
    for (const auto& [name, block] : blocks()) {
        CAPTURE(name);
        CHECK(block.find("|  |") == std::string::npos);
        CHECK(block.find("| |") == std::string::npos);
    }
}

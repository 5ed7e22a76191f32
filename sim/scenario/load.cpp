// The loader: text, edits, decoding, checks, digest.
#include "scenario/load.hpp"

#include "scenario/edits.hpp"
#include "scenario/resolve.hpp"
#include "scenario/sweep.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace brokersim {
namespace {

/// "dir/base.json" - "base".
std::string stem_of(const std::string& file_name) {
    std::string stem = file_name.substr(file_name.rfind('/') + 1);
    if (const std::size_t point = stem.rfind('.'); point != std::string::npos && point > 0) {
        stem.erase(point);
    }
    return stem.empty() || stem == "<stdin>" ? "scenario" : stem;
}

std::string digest_of(const std::string& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text.data(), text.size()));
    std::string out = "xxh3:";
    for (const unsigned char byte : canonical.digest) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

bool is_set(const Node* node) {
    return node != nullptr && !node->is(Node::Kind::null);
}

} // namespace

Loaded load_scenario(std::string_view text, const std::string& file_name,
                     const LoadOptions& options) {
    Loaded out;
    Texts texts;
    Report report;
    auto root = read_with_bases(text, file_name, options, texts, report);
    if (!root) {
        out.problems = report.take();
        return out;
    }
    for (const std::string& set : options.sets) {
        apply_set(*root, set, texts, report);
    }
    if (options.seed) {
        apply_option(*root, "--seed", "seed", Node::Kind::number, std::to_string(*options.seed),
                     texts, report);
    }
    if (options.duration) {
        apply_option(*root, "--duration", "duration", Node::Kind::string, *options.duration, texts,
                     report);
    }
    link(*root);
    out.has_sweep = is_set(root->find("sweep"));
    Draft draft;
    draft.scenario.name = stem_of(file_name);
    decode(*root, draft, report);
    if (root->is(Node::Kind::object)) {
        resolve(draft, options.limits, report);
        Report known = report;
        check_sweep(*root, options.limits, known.take(), report);
    }
    if (report.errors() == 0) {
        out.canonical = canonical_json(draft);
        out.scenario = scenario_of(draft);
        out.scenario->digest = digest_of(out.canonical);
    }
    out.problems = report.take();
    return out;
}

bool has_errors(const Problems& problems) {
    return std::any_of(problems.begin(), problems.end(),
                       [](const Problem& p) { return p.severity == Problem::Severity::error; });
}

} // namespace brokersim

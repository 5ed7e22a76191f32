// Trying out the values of a sweep.
#include "scenario/sweep.hpp"

#include "scenario/edits.hpp"
#include "scenario/keys.hpp"
#include "scenario/resolve.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace brokersim {
namespace {

constexpr std::int64_t runs_max = 1'000'000'000;
constexpr std::size_t tried_nodes_max = 2'000'000; // Nodes of all copies that are tried.
constexpr std::size_t range_tried_max = 2;         // Of a range: the first and the last.

struct Range {
    std::int64_t from = 0;
    std::int64_t count = 0;
};
constexpr Key<Range> range_keys[] = {
    Keys<Range>::of<&Range::from, AsInteger>({.name = "from",
                                              .doc = "the first value",
                                              .low = std::numeric_limits<std::int64_t>::min(),
                                              .required = true}),
    Keys<Range>::of<&Range::count, AsInteger>(
        {.name = "count", .doc = "how many", .low = 1, .required = true}),
};

std::size_t size_of_tree(const Node& node) {
    std::size_t out = 1;
    for (const Node& child : node.children) {
        out += size_of_tree(child);
    }
    return out;
}

using Known = std::set<std::pair<std::string, std::string>>; // pointer, text

/// The first error that this value brings, or "".
std::string first_error(const Node& root, const std::string& pointer, Node value,
                        const Limits& limits, const Known& known, const Report& report) {
    Node copy = root;
    std::string error = put_at(copy, pointer, std::move(value));
    if (!error.empty()) { return error; }
    link(copy);
    Report attempt = report.fresh();
    Draft draft;
    decode(copy, draft, attempt);
    resolve(draft, limits, attempt);
    for (const Problem& problem : attempt.take()) {
        const bool is_error = problem.severity == Problem::Severity::error;
        if (is_error && !known.contains({problem.pointer, problem.text})) { return problem.text; }
    }
    return "";
}

/// The values that are tried, and how many there are.
std::vector<Node> values_of(const Node& axis, std::int64_t& count, Report& report) {
    if (axis.is(Node::Kind::array)) {
        count = static_cast<std::int64_t>(axis.children.size());
        if (count == 0) { report.error(axis, "the list of values is empty"); }
        return axis.children;
    }
    Range range;
    const std::size_t before = report.errors();
    if (!axis.is(Node::Kind::object)) {
        wrong_kind(report, axis, "a list of values, or {\"from\": …, \"count\": …}");
        return {};
    }
    read_object(report, axis, range_keys, "a list of values, or a range", range);
    if (report.errors() != before) { return {}; }
    if (range.from > std::numeric_limits<std::int64_t>::max() - (range.count - 1)) {
        report.error(axis, "the last value of the range is out of range");
        return {};
    }
    count = range.count;
    std::vector<Node> out(range_tried_max, *axis.find("from"));
    out[0].text = std::to_string(range.from);
    out[1].text = std::to_string(range.from + range.count - 1);
    return out;
}

} // namespace

void check_sweep(const Node& root, const Limits& limits, const Problems& known, Report& report) {
    const Node* sweep = root.find("sweep");
    if (sweep == nullptr || !sweep->is(Node::Kind::object)) { return; }
    Node base = root;
    std::erase_if(base.children, [](const Node& n) { return n.key == "sweep"; });
    Known before;
    for (const Problem& p : known) {
        before.emplace(p.pointer, p.text);
    }
    const std::size_t cost = size_of_tree(base);
    std::size_t spent = 0;
    std::int64_t runs = 1;
    for (const Node& axis : sweep->children) {
        if (axis.key.starts_with("x-")) { continue; }
        std::string error;
        if (!pointer_parts(axis.key, error)) {
            report.error_at_key(axis, error);
            continue;
        }
        std::int64_t count = 1;
        const std::vector<Node> values = values_of(axis, count, report);
        for (std::size_t k = 0; k < values.size(); ++k) {
            if (spent > 0 && spent + cost > tried_nodes_max) { break; }
            spent += cost;
            const std::string problem =
                first_error(base, axis.key, values[k], limits, before, report);
            if (problem.empty()) { continue; }
            const Node& place = axis.is(Node::Kind::array) ? axis.children[k] : axis;
            report.error(place, "with this value: " + problem);
            break;
        }
        runs = mul_div(runs, std::max<std::int64_t>(count, 1), 1);
    }
    if (runs > runs_max) {
        report.error(*sweep, "the sweep has " + std::to_string(runs) +
                                 " runs or more, the limit is " + std::to_string(runs_max));
    }
}

} // namespace brokersim

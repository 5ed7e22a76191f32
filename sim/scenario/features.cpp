// `control_plane.features`: levels by Kafka's names. That of eligible leader replicas has an
// effect.
#include "scenario/draft.hpp"

#include <algorithm>
#include <iterator>

namespace brokersim {
namespace {

struct Feature {
    std::string_view name;
    std::int64_t highest = 0; ///< in any release
    Release since;
};
constexpr Feature features[] = {
    {elr_feature, 1, Release::v4_0},     {"group.version", 1, Release::v4_0},
    {"kraft.version", 1, Release::v3_9}, {"metadata.version", 100, Release::v3_9},
    {"share.version", 1, Release::v4_1}, {"transaction.version", 2, Release::v4_0},
};

} // namespace

void decode_features(Report& report, const Node& node, ControlPlaneDraft& out) {
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: feature - level");
        return;
    }
    for (const Node& member : node.children) {
        if (member.key.starts_with("x-") || member.is(Node::Kind::null)) { continue; }
        const auto* const feature =
            std::find_if(std::begin(features), std::end(features),
                         [&](const Feature& f) { return f.name == member.key; });
        if (feature == std::end(features)) {
            std::vector<std::string_view> known;
            for (const Feature& f : features) {
                known.push_back(f.name);
            }
            report.error_at_key(member, "unknown feature " + in_quotes(member.key) +
                                            did_you_mean(member.key, known));
            continue;
        }
        std::int64_t level = 0;
        const KeyInfo range{.low = 0, .high = feature->highest};
        if (!AsInteger::read(report, member, range, level)) { continue; }
        if (feature->since > report.release()) {
            report.error_at_key(member, in_quotes(member.key) + " is no feature of Kafka " +
                                            std::string(word(report.release())) + ", but from " +
                                            std::string(word(feature->since)) + " on");
        } else if (feature->name == elr_feature) {
            out.eligible_leader_replicas = level > 0;
        } else {
            report.warning_at_key(member, "the feature " + in_quotes(member.key) +
                                              " is not modelled: its level has no effect");
        }
    }
}

} // namespace brokersim

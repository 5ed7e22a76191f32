// Expectations: that what they name exists.
#include "scenario/names.hpp"

#include <algorithm>

namespace brokersim {
namespace {

void check_brokers(Report& report, const ExpectDraft& e, const Names& names, const Draft& draft) {
    if (e.partitions_node == nullptr || !e.partitions_node->is(Node::Kind::object)) { return; }
    for (const Node& member : e.partitions_node->children) {
        if (member.key.starts_with("x-")) { continue; }
        find_partition(report, member, member.key, draft, names);
        if (member.is(Node::Kind::string) && !names.is_broker(member.text)) {
            unknown_broker(report, member, member.text, names);
        }
        for (const Node& item : member.children) {
            if (item.is(Node::Kind::string) && !names.is_broker(item.text)) {
                unknown_broker(report, item, item.text, names);
            }
        }
    }
    if (e.partitions_node->children.empty()) {
        report.error(*e.partitions_node, "no partition is named: write {\"orders/0\": …}");
    }
}

void check_partition(Report& report, const ExpectDraft& e, const Names& names, const Draft& draft) {
    if (!e.partition) { return; }
    const Node& node = e.node->at("partition");
    if (e.partition->find('/') != std::string::npos) {
        find_partition(report, node, *e.partition, draft, names);
    } else if (e.topic) {
        find_partition(report, node, *e.topic + "/" + *e.partition, draft, names);
    } else {
        report.error(node, "a number needs \"topic\" beside it; or write \"orders/0\"");
    }
}

void check_filters(Report& report, const ExpectDraft& e, const Names& names) {
    if (e.topic && !names.topics.contains(*e.topic)) {
        unknown_topic(report, e.node->at("topic"), *e.topic, names);
    }
    if (e.group && !names.groups.contains(*e.group)) {
        unknown_group(report, e.node->at("group"), *e.group, names);
    }
    if (e.producer && !names.producers.contains(*e.producer)) {
        std::vector<std::string_view> known(names.producers.begin(), names.producers.end());
        known.resize(std::min<std::size_t>(known.size(), 500));
        report.error(e.node->at("producer"), "there is no producer " + in_quotes(*e.producer) +
                                                 did_you_mean(*e.producer, known));
    }
    if (e.broker && !names.is_broker(*e.broker)) {
        unknown_broker(report, e.node->at("broker"), *e.broker, names);
    }
}

} // namespace

void resolve_expectations(Draft& draft, const Names& names, Report& report) {
    for (const ExpectDraft& e : draft.expect) {
        check_brokers(report, e, names, draft);
        check_filters(report, e, names);
        check_partition(report, e, names, draft);
        if (e.at && *e.at > end_of(draft)) {
            report.warning(e.node->at("at"),
                           "this is after the end of the run: the expectation will fail");
        }
    }
}

} // namespace brokersim

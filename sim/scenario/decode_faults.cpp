// `faults`: actions, times and what each action needs. Whom they hit is resolved later.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace brokersim {
namespace {

constexpr std::int64_t billion = 1'000'000'000;

void read_action(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out) {
    std::string word;
    if (AsWord::read(report, node, key, word)) { out.known_action = from_word(word, out.action); }
}

/// A kind of time: which of them go together is looked at when all are read.
template <auto member, class As>
void read_time(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out) {
    ++out.times;
    typename std::remove_reference_t<decltype(out.*member)>::value_type value{};
    if (As::read(report, node, key, value)) { out.*member = std::move(value); }
}

template <const Node* FaultDraft::*member>
void read_target(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (node.is(Node::Kind::string) || node.is(Node::Kind::array)) {
        out.*member = &node;
    } else {
        wrong_kind(report, node, "a machine, a role or a list of them");
    }
}

void read_groups(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, "a list of lists of machines");
        return;
    }
    const std::size_t before = report.errors();
    for (const Node& item : node.children) {
        if (!item.is(Node::Kind::string) && !item.is(Node::Kind::array)) {
            wrong_kind(report, item, "a machine, a role or a list of them");
        }
    }
    if (node.children.size() < 2) {
        report.error(node, "a partition has two groups or more: who still hears whom");
    }
    if (report.errors() == before) { out.groups_node = &node; }
}

void read_slot(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    std::string text;
    if (AsText::read(report, node, {}, text)) { out.slot_node = &node; }
}

std::vector<std::string_view> api_names() {
    return {std::begin(words_of<Api>), std::end(words_of<Api>)};
}

void read_api(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    std::string text;
    if (!AsText::read(report, node, {}, text)) { return; }
    Api api{};
    if (from_word(text, api)) {
        out.api = api;
        return;
    }
    report.error(node, "unknown request " + in_quotes(text) + did_you_mean(text, api_names()) +
                           ": expected a name as Kafka has it, such as \"Produce\"");
}

void read_assignment(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (node.is(Node::Kind::array)) {
        out.assignment_node = &node;
    } else {
        wrong_kind(report, node, "a list of lists of brokers");
    }
}

void read_config(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (node.is(Node::Kind::object)) {
        out.config_node = &node;
    } else {
        wrong_kind(report, node, "an object of settings");
    }
}

/// A duration that may be negative: the clock is behind.
void read_skew(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out) {
    Node ahead = node;
    const bool behind = node.is(Node::Kind::string) && node.text.starts_with('-');
    if (behind) { ahead.text.erase(0, 1); }
    if (AsDuration::read(report, behind ? ahead : node, key, out.by) && behind) {
        out.by = Duration{} - out.by;
    }
}

constexpr std::string_view actions =
    "crash|power_loss|lose_disk|stop|restart|pause|resume|isolate|partition|cut|heal|"
    "slow_network|slow_disk|stall_disk|fill_disk|slow_cpu|skew_clock|drop_requests|"
    "rolling_restart|add_broker|move_leader|reassign|set_config|set_rate|resize_group";

constexpr Shape one_target = simple(
    Shape::Kind::text, "machine or role",
    R"(^([a-zA-Z0-9._-]+|(leader|follower|isr|member):.+/[0-9]+|(coordinator|zone|random):.+)$)");
constexpr Shape targets_shape = list_of(one_target, "list of machines or roles", 1);
constexpr Shape target_shape = either(one_target, targets_shape, "target");
constexpr Shape groups_shape = list_of(target_shape, "list of lists", 2);
constexpr Shape api_shape = words_of_list(api_names, "request");
constexpr Shape names_shape = list_of(machine_shape, "list of brokers", 1);
constexpr Shape nothing_shape = simple(Shape::Kind::nothing, "null");
constexpr Shape row_shape = either(names_shape, nothing_shape, "list of brokers or null");
constexpr Shape rows_shape = list_of(row_shape, "list of lists of brokers");
constexpr Shape skew_shape =
    simple(Shape::Kind::text, "duration", R"(^-?[0-9]+(\.[0-9]+)?(ns|us|ms|s|min|h|d)$)");
constexpr Duration most_skew = seconds(100 * 365 * 86'400LL);
constexpr Shape config_shape = map_of(AsAny::shape, "settings");
constexpr Shape fault_name_shape = simple(Shape::Kind::text, "fault");

using F = Keys<FaultDraft>;
constexpr Key<FaultDraft> fault_keys[] = {
    F::of<&FaultDraft::id, AsName>(
        {.name = "id", .doc = "its name; default: fault-K, by position from 1"}),
    F::by<read_action>({.name = "do",
                        .shape = &AsWord::shape,
                        .doc = "what happens",
                        .words = actions,
                        .required = true}),
    F::by<read_target<&FaultDraft::target_node>>(
        {.name = "target", .shape = &target_shape, .doc = "whom it hits"}),
    F::by<read_target<&FaultDraft::from_node>>(
        {.name = "from", .shape = &target_shape, .doc = "cut: who is not heard"}),
    F::by<read_target<&FaultDraft::to_node>>(
        {.name = "to",
         .shape = &target_shape,
         .doc = "cut: who does not hear; move_leader: the new one"}),
    F::by<read_time<&FaultDraft::begin, AsDuration>>(
        {.name = "at",
         .shape = &AsDuration::shape,
         .doc = "when it begins; with every: for the first time"}),
    F::of<&FaultDraft::lasts, AsDuration>(
        {.name = "for", .fallback = "null", .doc = "lifted again this long after its begin"}),
    F::by<read_time<&FaultDraft::after_name, AsText>>(
        {.name = "after", .shape = &fault_name_shape, .doc = "after the begin of this one"}),
    F::of<&FaultDraft::delay, AsDuration>(
        {.name = "delay", .fallback = "\"0s\"", .doc = "with after: how long after"}),
    F::by<decode_when>(
        {.name = "when", .shape = &when_shape, .doc = "once, when a state is reached"}),
    F::by<read_time<&FaultDraft::every, AsDuration>>(
        {.name = "every",
         .shape = &AsDuration::shape,
         .doc = "again and again, first after one period",
         .low = 1}),
    F::of<&FaultDraft::count, AsInteger>(
        {.name = "count", .fallback = "null", .doc = "with every, rate: how often", .low = 1}),
    F::by<read_time<&FaultDraft::rate, AsRate>>(
        {.name = "rate", .shape = &AsRate::shape, .doc = "at random, so often on average"}),
    F::by<read_groups>(
        {.name = "groups", .shape = &groups_shape, .doc = "partition: who still hears whom"}),
    F::of<&FaultDraft::latency, AsDistribution>(
        {.name = "latency", .doc = "slow_network: is added, one way"}),
    F::of<&FaultDraft::loss, AsRatio>(
        {.name = "loss", .doc = "slow_network: instead of the links' own"}),
    F::of<&FaultDraft::bandwidth, AsBandwidth>(
        {.name = "bandwidth", .doc = "slow_network: instead of the machine's own"}),
    F::of<&FaultDraft::factor_ppb, AsDecimal>({.name = "factor",
                                               .doc = "slow_cpu, slow_disk: how many times slower",
                                               .low = 1,
                                               .high = 1'000'000 * billion}),
    F::of<&FaultDraft::write, AsBandwidth>(
        {.name = "write", .doc = "slow_disk: instead of its own"}),
    F::by<read_skew>({.name = "by",
                      .shape = &skew_shape,
                      .doc = "skew_clock: how far ahead, or behind with a sign: \"-5s\"",
                      .high = most_skew.ns}),
    F::by<read_api>({.name = "api",
                     .shape = &api_shape,
                     .doc = "drop_requests: only these, by Kafka's name; default: all"}),
    F::of<&FaultDraft::gap, AsDuration>(
        {.name = "gap", .doc = "rolling_restart: from the start of one to the end of the next"}),
    F::of<&FaultDraft::rack, AsName>(
        {.name = "rack", .doc = "add_broker: its rack; default: as brokers.racks goes on"}),
    F::by<read_slot>(
        {.name = "partition", .shape = &partition_name_shape, .doc = "move_leader: of which"}),
    F::of<&FaultDraft::topic, AsText>(
        {.name = "topic", .shape = &topic_name_shape, .doc = "reassign, set_config: which"}),
    F::by<read_assignment>(
        {.name = "assignment",
         .shape = &rows_shape,
         .doc = "reassign: the new replicas of each partition; null leaves one as it is"}),
    F::of<&FaultDraft::group, AsText>(
        {.name = "group", .shape = &group_name_shape, .doc = "resize_group, set_config: which"}),
    F::of<&FaultDraft::producer, AsText>(
        {.name = "producer", .shape = &producer_name_shape, .doc = "set_rate, set_config: which"}),
    F::by<read_config>(
        {.name = "config", .shape = &config_shape, .doc = "set_config: the new values"}),
    F::of<&FaultDraft::new_rate, AsRate>({.name = "new_rate", .doc = "set_rate: the new one"}),
    F::of<&FaultDraft::members, AsInteger>(
        {.name = "members", .doc = "resize_group: how many from then on"}),
};

/// Which keys belong to an action, besides id, do, for and the times. `!` before what it needs.
struct ActionKeys {
    FaultAction action;
    std::string_view keys;
};
constexpr ActionKeys action_keys[] = {
    {FaultAction::partition, "!groups"},
    {FaultAction::cut, "!from|!to"},
    {FaultAction::heal, "target"},
    {FaultAction::slow_network, "!target|latency|loss|bandwidth"},
    {FaultAction::slow_cpu, "!target|!factor"},
    {FaultAction::set_rate, "!producer|!new_rate"},
    {FaultAction::resize_group, "!group|!members"},
    {FaultAction::rolling_restart, "!target|!gap"},
    {FaultAction::drop_requests, "!target|api"},
    {FaultAction::slow_disk, "!target|factor|write"},
    {FaultAction::move_leader, "!partition|!to"},
    {FaultAction::skew_clock, "!target|!by"},
    {FaultAction::add_broker, "rack"},
    {FaultAction::reassign, "!topic|!assignment"},
    {FaultAction::set_config, "target|topic|group|producer|!config"},
};
constexpr std::string_view common_keys = "id|do|at|for|after|delay|when|every|count|rate";

std::string_view keys_of(FaultAction action) {
    for (const ActionKeys& entry : action_keys) {
        if (entry.action == action) { return entry.keys; }
    }
    return "!target";
}

bool has(const Node& node, std::string_view key) {
    const Node* member = node.find(key);
    return member != nullptr && !member->is(Node::Kind::null);
}

void check_keys(Report& report, const Node& node, FaultAction action) {
    std::vector<std::string_view> own = split(keys_of(action));
    for (std::string_view& key : own) {
        if (!key.starts_with('!')) { continue; }
        key.remove_prefix(1);
        if (!has(node, key)) {
            const Node* member = node.find(key);
            report.error(member != nullptr ? *member : node,
                         in_quotes(word(action)) + " needs " + in_quotes(key));
        }
    }
    const auto common = split(common_keys);
    for (const Node& member : node.children) {
        const auto is = [&](std::string_view key) { return key == member.key; };
        const bool known = std::any_of(std::begin(fault_keys), std::end(fault_keys),
                                       [&](const auto& key) { return is(key.info.name); });
        if (known && !member.is(Node::Kind::null) && std::none_of(own.begin(), own.end(), is) &&
            std::none_of(common.begin(), common.end(), is)) {
            report.error_at_key(member, in_quotes(member.key) + " does not belong to " +
                                            in_quotes(word(action)));
        }
    }
    if (action == FaultAction::slow_network && !has(node, "latency") && !has(node, "loss") &&
        !has(node, "bandwidth")) {
        report.error(node, "\"slow_network\" needs \"latency\", \"loss\" or \"bandwidth\"");
    }
    if (action == FaultAction::slow_disk && has(node, "factor") == has(node, "write")) {
        report.error(node, "\"slow_disk\" needs one of \"factor\" and \"write\"");
    }
}

void check_times(Report& report, const Node& node, FaultDraft& out) {
    const bool repeated = has(node, "every");
    const int allowed = repeated && has(node, "at") ? 2 : 1;
    if (out.times == 0) {
        report.error(node, "when does it happen? One of \"at\", \"after\", \"when\", \"every\", "
                           "\"rate\" is needed");
    } else if (out.times > allowed) {
        report.error(node, "a fault has one time: \"at\", \"after\", \"when\", \"every\" or "
                           "\"rate\" (\"at\" and \"every\" go together)");
    }
    if (has(node, "delay") && !has(node, "after")) {
        report.error_at_key(node.at("delay"), "\"delay\" belongs to \"after\"");
    }
    if (has(node, "count") && !repeated && !has(node, "rate")) {
        report.error_at_key(node.at("count"), "\"count\" belongs to \"every\" or \"rate\"");
    }
    const Duration first = out.every.value_or(Duration{});
    out.at = out.begin.value_or(Time{} + first);
}

} // namespace

constexpr Shape fault_shape = shape_of<fault_keys>("object");

void decode_fault(Report& report, const Node& node, FaultDraft& out) {
    if (!read_object(report, node, fault_keys, "a fault: an object", out)) { return; }
    check_times(report, node, out);
    if (out.known_action) { check_keys(report, node, out.action); }
}

} // namespace brokersim

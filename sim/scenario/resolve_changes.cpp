// Faults that change the shape or the settings of the cluster: set_config, reassign, add_broker,
// skew_clock, fill_disk.
#include "scenario/keys.hpp"
#include "scenario/modelled.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace brokersim {
namespace {

/// What clients take up without a restart. The rest is settled when they are made: buffers,
/// connections, identity, what an acknowledgement or a commit means.
constexpr std::string_view producer_changes[] = {
    "batch.size",   "delivery.timeout.ms",  "linger.ms",
    "max.block.ms", "max.request.size",     "request.timeout.ms",
    "retries",      "retry.backoff.max.ms", "retry.backoff.ms"};
constexpr std::string_view consumer_changes[] = {
    "auto.commit.interval.ms", "auto.offset.reset",     "fetch.max.bytes",  "fetch.max.wait.ms",
    "fetch.min.bytes",         "heartbeat.interval.ms", "max.poll.records", "request.timeout.ms",
    "retry.backoff.max.ms",    "retry.backoff.ms"};
/// Of the settings that Kafka changes at run time these would need threads to come and go.
constexpr std::string_view fixed_threads[] = {"num.network.threads", "num.replica.fetchers"};

template <std::size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

template <class Config>
const Modelled<Config>* find_modelled(std::span<const Modelled<Config>> table,
                                      std::string_view name) {
    const auto at = std::find_if(table.begin(), table.end(),
                                 [&](const Modelled<Config>& entry) { return entry.name == name; });
    return at == table.end() ? nullptr : &*at;
}

/// What a setting has in `config`, as if it had been written there.
template <class Config>
SettingValue value_in(const Modelled<Config>& entry, const Config& config, Place place) {
    std::string text = entry.json(config);
    if (text == "null") { text.clear(); }
    if (text.size() >= 2 && text.front() == '"') { text = text.substr(1, text.size() - 2); }
    std::string error;
    const Setting* setting = find_setting(place, entry.name);
    return setting_value(*setting, text, error).value_or(SettingValue{});
}

template <class Config>
void add_edit(const Modelled<Config>& entry, SettingValue value, const Config& base, Place place,
              std::vector<SettingEdit<Config>>& out) {
    value.node = nullptr; // The document is gone when it is used.
    SettingValue before = value_in(entry, base, place);
    const auto set = entry.set;
    out.push_back({std::string(entry.name),
                   [set, value = std::move(value)](Config& config) { set(config, value); },
                   [set, before = std::move(before)](Config& config) { set(config, before); }});
}

void not_modelled(Report& report, const Node& node, std::string_view name) {
    report.warning_at_key(node, in_quotes(name) + " is not modelled: it has no effect");
}

void read_only(Report& report, const Node& node, std::string_view name, std::string_view why) {
    report.error_at_key(node, in_quotes(name) + " is read-only at run time: " + std::string(why));
}

void change_topic(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const auto at = names.topics.find(fault.topic);
    if (at == names.topics.end()) {
        unknown_topic(report, fault.node->at("topic"), fault.topic, names);
        return;
    }
    const TopicDraft& topic = draft.topics[static_cast<std::size_t>(at->second)];
    for (const auto& [name, value] : read_settings(*fault.config_node, Place::topic, report)) {
        const auto* entry = find_modelled(modelled_topic(), name);
        if (entry == nullptr) {
            not_modelled(report, *value.node, name);
            continue;
        }
        if (name == "min.insync.replicas" && value.number > topic.replication_factor.value_or(1)) {
            report.warning(*value.node,
                           "min.insync.replicas " + value.text +
                               " is above the replication factor: no record with acks=all can be "
                               "written to " +
                               in_quotes(fault.topic));
        }
        add_edit(*entry, value, topic.config, Place::topic, fault.topic_edits);
    }
}

/// A broker's own setting, or what topics begin with.
void change_server(FaultDraft& fault, const Draft& draft, const std::string& name,
                   const SettingValue& value, Report& report) {
    const Setting& setting = *find_setting(Place::server, name, report.release());
    if ((setting.flags & Setting::dynamic) == 0) {
        read_only(report, *value.node, name, "Kafka takes it up when a broker starts");
        return;
    }
    if (is_one_of(fixed_threads, name)) {
        not_built(report, *value.node, "changing " + in_quotes(name) + " at run time");
        return;
    }
    if (!setting.topic.empty()) {
        const auto* entry = find_modelled(modelled_topic(), setting.topic);
        if (entry == nullptr) {
            not_modelled(report, *value.node, name);
        } else {
            add_edit(*entry, value, draft.topic_config, Place::topic, fault.topic_edits);
        }
        return;
    }
    const auto* entry = find_modelled(modelled_server(), name);
    if (entry == nullptr) {
        not_modelled(report, *value.node, name);
    } else {
        add_edit(*entry, value, draft.broker_config, Place::server, fault.server_edits);
    }
}

void change_brokers(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const TargetSpec::Kind kind = fault.target.kind;
    const bool others = kind == TargetSpec::Kind::controller || kind == TargetSpec::Kind::member ||
                        std::any_of(fault.target.machines.begin(), fault.target.machines.end(),
                                    [&](const std::string& m) { return !names.is_broker(m); });
    if (others) {
        report.error(*fault.target_node,
                     "only brokers change their settings at run time; clients are named by "
                     "\"producer\" or \"group\"");
    }
    for (const auto& [name, value] : read_settings(*fault.config_node, Place::server, report)) {
        change_server(fault, draft, name, value, report);
    }
}

template <class Config, std::size_t N>
void change_client(const FaultDraft& fault, Place place, const std::string_view (&allowed)[N],
                   std::span<const Modelled<Config>> table, const Config& base, Report& report,
                   Config& after, std::vector<SettingEdit<Config>>& out) {
    for (const auto& [name, value] : read_settings(*fault.config_node, place, report)) {
        const auto* entry = find_modelled(table, name);
        if (entry == nullptr) {
            not_modelled(report, *value.node, name);
        } else if (!is_one_of(allowed, name)) {
            read_only(report, *value.node, name, "a client has it from its start to its end");
        } else {
            add_edit(*entry, value, base, place, out);
            out.back().set(after);
        }
    }
}

void change_producer(FaultDraft& fault, const Draft& draft, Report& report) {
    const auto entry =
        std::find_if(draft.producers.begin(), draft.producers.end(),
                     [&](const ProducerDraft& p) { return p.name == fault.producer; });
    if (entry == draft.producers.end()) { return; } // Reported.
    ProducerConfig after = entry->config;
    change_client(fault, Place::producer, producer_changes, modelled_producer(), entry->config,
                  report, after, fault.producer_edits);
    if (after.delivery_timeout < after.linger + after.request_timeout) {
        report.error(*fault.config_node, "delivery.timeout.ms must be at least linger.ms + "
                                         "request.timeout.ms");
    }
    if (after.enable_idempotence && after.retries == 0) {
        report.error(*fault.config_node, "retries must be above 0 with an idempotent producer");
    }
}

void change_group(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const auto at = names.groups.find(fault.group);
    if (at == names.groups.end()) { return; } // Reported.
    const ConsumerDraft& group = draft.consumers[static_cast<std::size_t>(at->second)];
    ConsumerConfig after = group.config;
    change_client(fault, Place::consumer, consumer_changes, modelled_consumer(), group.config,
                  report, after, fault.consumer_edits);
    if (after.heartbeat_interval >= after.session_timeout) {
        report.error(*fault.config_node, "heartbeat.interval.ms must be below session.timeout.ms");
    }
}

void resolve_config(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const bool subjects[] = {fault.target_node != nullptr, !fault.topic.empty(),
                             !fault.group.empty(), !fault.producer.empty()};
    if (std::count(std::begin(subjects), std::end(subjects), true) != 1) {
        report.error(*fault.node, "\"set_config\" has one subject: \"target\", \"topic\", "
                                  "\"group\" or \"producer\"");
        return;
    }
    if (fault.config_node == nullptr) { return; } // Reported.
    if (fault.target_node != nullptr) { change_brokers(fault, draft, names, report); }
    if (!fault.topic.empty()) { change_topic(fault, draft, names, report); }
    if (!fault.producer.empty()) { change_producer(fault, draft, report); }
    if (!fault.group.empty()) { change_group(fault, draft, names, report); }
}

/// One row of an assignment: brokers, each once. Empty: the partition is left as it is.
std::vector<std::int32_t> resolve_row(const Node& row, const Names& names, Report& report) {
    std::vector<std::int32_t> replicas;
    if (row.is(Node::Kind::null)) { return replicas; }
    if (!row.is(Node::Kind::array) || row.children.empty()) {
        report.error(row, "expected a list of brokers, or null for a partition that stays as it "
                          "is");
        return replicas;
    }
    for (const Node& item : row.children) {
        if (!item.is(Node::Kind::string)) {
            wrong_kind(report, item, "the name of a broker");
            continue;
        }
        const auto broker = numbered(item.text, "b", names.brokers);
        if (!broker) {
            unknown_broker(report, item, item.text, names);
        } else if (std::find(replicas.begin(), replicas.end(), *broker) != replicas.end()) {
            report.error(item, in_quotes(item.text) + " stands here twice");
        } else {
            replicas.push_back(*broker);
        }
    }
    return replicas;
}

void resolve_assignment(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const auto at = names.topics.find(fault.topic);
    if (fault.topic.empty() || fault.assignment_node == nullptr) { return; } // Reported.
    if (at == names.topics.end()) {
        unknown_topic(report, fault.node->at("topic"), fault.topic, names);
        return;
    }
    const std::int32_t partitions =
        draft.topics[static_cast<std::size_t>(at->second)].partitions.value_or(1);
    if (static_cast<std::int32_t>(fault.assignment_node->children.size()) != partitions) {
        report.error(*fault.assignment_node,
                     "the assignment has " +
                         std::to_string(fault.assignment_node->children.size()) +
                         " rows, the topic " + std::to_string(partitions) + " partitions");
    }
    for (const Node& row : fault.assignment_node->children) {
        fault.assignment.push_back(resolve_row(row, names, report));
    }
}

/// Whose disk may be full: a broker's or a controller's.
void check_full_disk(const FaultDraft& fault, const Names& names, Report& report) {
    for (const std::string& name : fault.target.machines) {
        if (names.is_broker(name) || names.is_controller(name)) { continue; }
        report.error(*fault.target_node, in_quotes(name) + " has no disk that could be full here: "
                                                           "brokers and controllers have");
        return;
    }
    if (fault.target.kind == TargetSpec::Kind::member) {
        report.error(*fault.target_node, "members of groups have no disk");
    }
}

} // namespace

void resolve_changes(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    const bool of_client = !fault.producer.empty() || !fault.group.empty();
    const bool by_controller = fault.action == FaultAction::reassign ||
                               fault.action == FaultAction::add_broker ||
                               (fault.action == FaultAction::set_config && !of_client);
    if (names.servers > 0 && by_controller) {
        not_built(report, fault.node->at("do"),
                  in_quotes(word(fault.action)) + " in ZooKeeper mode");
    }
    if (fault.action == FaultAction::fill_disk) { check_full_disk(fault, names, report); }
    if (fault.action == FaultAction::set_config) { resolve_config(fault, draft, names, report); }
    if (fault.action == FaultAction::reassign) { resolve_assignment(fault, draft, names, report); }
}

namespace {

/// How often a fault begins at most; none: nobody can tell.
std::optional<std::int64_t> begins(const Draft& draft, const FaultDraft& fault, std::size_t depth) {
    if (fault.after_name) {
        for (std::size_t k = 0; k < draft.faults.size() && depth > 0; ++k) {
            const FaultDraft& other = draft.faults[k];
            const std::string id = other.id.empty() ? "fault-" + std::to_string(k + 1) : other.id;
            if (id == *fault.after_name) { return begins(draft, other, depth - 1); }
        }
        return 1; // It never begins, which is reported.
    }
    if (fault.every || fault.rate) { return fault.count; }
    return 1;
}

} // namespace

std::int32_t count_added_brokers(Draft& draft, Report& report) {
    constexpr std::int64_t most = 100'000;
    std::int64_t added = 0;
    for (FaultDraft& fault : draft.faults) {
        if (!fault.known_action || fault.action != FaultAction::add_broker) { continue; }
        const auto times = begins(draft, fault, draft.faults.size());
        if (!times || added + *times > most) {
            report.error(*fault.node, "how many brokers come? \"add_broker\" that begins again "
                                      "and again needs a \"count\" of at most " +
                                          std::to_string(most));
            continue;
        }
        fault.members = static_cast<std::int32_t>(*times);
        added += *times;
    }
    return static_cast<std::int32_t>(added);
}

} // namespace brokersim

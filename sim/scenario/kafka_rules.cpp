// Settings to typed configs, with Kafka's rules between them.
#include "scenario/kafka_rules.hpp"

#include "scenario/keys.hpp"
#include "scenario/modelled.hpp"
#include "scenario/units.hpp"

#include <algorithm>
#include <set>

namespace brokersim {
namespace {

/// Where a setting was written, or where it could have been.
const Node& place_of(const Settings& settings, std::string_view name, const Node& otherwise) {
    const auto found = settings.find(name);
    return found == settings.end() ? otherwise : *found->second.node;
}

bool given(const Settings& settings, std::string_view name) {
    return settings.find(name) != settings.end();
}

std::string ms(Duration d) {
    return std::to_string(d.ns / 1'000'000) + " ms";
}

/// A server setting, wherever it stands.
const Node& server_place(const Draft& draft, std::string_view name) {
    const Node& other = place_of(draft.control_plane.settings, name, *draft.root);
    return place_of(draft.brokers.settings, name, other);
}

/// KafkaConfig.validateValues, as far as the settings have an effect here.
void check_server(const Draft& draft, const ServerConfig& c, Report& report) {
    if (c.replica_fetch_wait_max > c.replica_lag_time_max) {
        report.error(server_place(draft, "replica.fetch.wait.max.ms"),
                     "replica.fetch.wait.max.ms (" + ms(c.replica_fetch_wait_max) +
                         ") must not be above replica.lag.time.max.ms (" +
                         ms(c.replica_lag_time_max) + "), or replicas leave the ISR all the time");
    }
    if (c.replica_fetch_wait_max > c.replica_socket_timeout) {
        report.error(server_place(draft, "replica.fetch.wait.max.ms"),
                     "replica.fetch.wait.max.ms (" + ms(c.replica_fetch_wait_max) +
                         ") must not be above replica.socket.timeout.ms (" +
                         ms(c.replica_socket_timeout) + ")");
    }
    if (c.group_max_session_timeout < c.group_min_session_timeout) {
        report.error(server_place(draft, "group.max.session.timeout.ms"),
                     "group.max.session.timeout.ms is below group.min.session.timeout.ms");
    }
    if (c.broker_heartbeat_interval * 2 > c.broker_session_timeout) {
        report.warning(server_place(draft, "broker.heartbeat.interval.ms"),
                       "broker.heartbeat.interval.ms is more than half of "
                       "broker.session.timeout.ms: brokers may be fenced without a fault");
    }
}

/// What brokers call the defaults of topics, in the order in which Kafka looks for them
/// (AbstractKafkaConfig: logRetentionTimeMillis, logRollTimeMillis, logFlushIntervalMs).
struct TopicDefault {
    std::string_view server, topic;
    std::int64_t times = 1; ///< to the topic's unit
};
constexpr TopicDefault topic_default_names[] = {
    {"log.retention.ms", "retention.ms"},
    {"log.retention.minutes", "retention.ms", 60'000},
    {"log.retention.hours", "retention.ms", 3'600'000},
    {"log.retention.bytes", "retention.bytes"},
    {"log.roll.ms", "segment.ms"},
    {"log.roll.hours", "segment.ms", 3'600'000},
    {"log.segment.bytes", "segment.bytes"},
    {"log.cleanup.policy", "cleanup.policy"},
    {"log.flush.interval.messages", "flush.messages"},
    {"log.flush.interval.ms", "flush.ms"},
    {"log.flush.scheduler.interval.ms", "flush.ms"},
    {"log.message.timestamp.after.max.ms", "message.timestamp.after.max.ms"},
    {"log.message.timestamp.before.max.ms", "message.timestamp.before.max.ms"},
    {"log.message.timestamp.type", "message.timestamp.type"},
    {"message.max.bytes", "max.message.bytes"},
    {"min.insync.replicas", "min.insync.replicas"},
    {"unclean.leader.election.enable", "unclean.leader.election.enable"},
};

/// Settings that only say what topics begin with would have no effect on a server itself.
Settings without_topic_defaults(const Settings& settings) {
    Settings out = settings;
    for (const TopicDefault& entry : topic_default_names) {
        if (entry.server.starts_with("log.") && !entry.server.ends_with("scheduler.interval.ms")) {
            const auto found = out.find(entry.server);
            if (found != out.end()) { out.erase(found); }
        }
    }
    return out;
}

void warn_of_compaction(const Settings& settings, std::string_view name, Report& report) {
    const auto found = settings.find(name);
    if (found == settings.end() || found->second.text.find("compact") == std::string::npos) {
        return;
    }
    report.warning(*found->second.node, "compaction is not modelled: nothing is compacted");
}

void resolve_topic_defaults(Draft& draft, Report& report) {
    Settings all = draft.brokers.settings;
    all.insert(draft.control_plane.settings.begin(), draft.control_plane.settings.end());
    std::set<std::string_view> done;
    for (const TopicDefault& entry : topic_default_names) {
        const auto found = all.find(entry.server);
        if (found == all.end() || !done.insert(entry.topic).second) { continue; }
        SettingValue value = found->second;
        const bool zero = value.number == 0;
        value.number = value.number < 0 ? value.number : mul_div(value.number, entry.times, 1);
        if (entry.topic == "retention.ms" && zero) {
            report.error(*value.node, "the retention must be -1 (for ever) or at least 1");
        }
        for (const auto& setting : modelled_topic()) {
            if (setting.name == entry.topic) { setting.set(draft.topic_config, value); }
        }
    }
    warn_of_compaction(all, "log.cleanup.policy", report);
}

void list_changed_settings(Draft& draft) {
    const ServerConfig defaults;
    const TopicConfig topic_defaults;
    for (const auto& setting : modelled_topic_defaults()) {
        std::string value = setting.json(draft.topic_config);
        if (value != setting.json(topic_defaults)) {
            draft.scenario.changed_settings.emplace_back(setting.name, std::move(value));
        }
    }
    const Release release = draft.scenario.kafka_version;
    for (const auto& setting : modelled_server()) {
        if (find_setting(Place::server, setting.name, release) == nullptr) { continue; }
        const ServerConfig& config = given(draft.brokers.settings, setting.name) ||
                                             !given(draft.control_plane.settings, setting.name)
                                         ? draft.broker_config
                                         : draft.controller_config;
        std::string value = setting.json(config);
        if (value != setting.json(defaults)) {
            draft.scenario.changed_settings.emplace_back(setting.name, std::move(value));
        }
    }
    if (draft.scenario.control_plane.eligible_leader_replicas) {
        draft.scenario.changed_settings.emplace_back(elr_feature, "1");
    }
    std::sort(draft.scenario.changed_settings.begin(), draft.scenario.changed_settings.end());
}

bool wrote(const Settings& settings, std::string_view name, std::string_view text) {
    const auto found = settings.find(name);
    return found != settings.end() && found->second.text == text;
}

bool is_true(const Settings& settings, std::string_view name) {
    const auto found = settings.find(name);
    return found != settings.end() && found->second.truth;
}

bool is_false(const Settings& settings, std::string_view name) {
    const auto found = settings.find(name);
    return found != settings.end() && !found->second.truth;
}

void unbuilt_setting(Report& report, const Settings& settings, std::string_view name,
                     std::string_view what) {
    const auto found = settings.find(name);
    if (found != settings.end()) { not_built(report, *found->second.node, what); }
}

/// The settings of a producer while they are resolved.
struct ProducerSettings {
    Release release;
    const Node& node; ///< where messages point to without a better place
    const Settings& given;
    ProducerConfig& config;
};

/// ProducerConfig.maybeOverrideEnableIdempotence and postProcessAndValidateIdempotenceConfigs.
void resolve_idempotence(const ProducerSettings& p, Report& report) {
    const Settings& s = p.given;
    ProducerConfig& c = p.config;
    const bool written = is_true(s, "enable.idempotence");
    const bool refused = is_false(s, "enable.idempotence");
    const bool many = !refused && c.max_in_flight_requests_per_connection > 5;
    const bool yields = rules_of(p.release).in_flight_beats_idempotence && !written;
    const Node& in_flight = place_of(s, "max.in.flight.requests.per.connection", p.node);
    if (many && yields) {
        report.warning(in_flight, "idempotence is switched off, as Kafka " +
                                      std::string(word(p.release)) +
                                      " does with max.in.flight.requests.per.connection above 5");
    } else if (many) {
        report.error(in_flight,
                     "max.in.flight.requests.per.connection must be at most 5 with an idempotent "
                     "producer, and Kafka " +
                         std::string(word(p.release)) +
                         " asks for \"enable.idempotence\": false otherwise");
    }
    if (written && c.acks != Acks::all) {
        report.error(place_of(s, "acks", p.node),
                     "acks must be \"all\" with \"enable.idempotence\": true");
    }
    if (written && c.retries == 0) {
        report.error(place_of(s, "retries", p.node),
                     "retries must be above 0 with \"enable.idempotence\": true");
    }
    c.enable_idempotence = !refused && c.acks == Acks::all && c.retries > 0 && !(many && yields);
}

/// KafkaProducer.configureDeliveryTimeout.
void resolve_delivery_timeout(const ProducerSettings& p, Report& report) {
    ProducerConfig& c = p.config;
    constexpr Duration highest = milliseconds(2'147'483'647);
    const Duration least = std::min(
        Duration{c.linger.ns > highest.ns ? highest.ns : c.linger.ns} + c.request_timeout, highest);
    if (c.delivery_timeout >= least) { return; }
    if (given(p.given, "delivery.timeout.ms")) {
        report.error(place_of(p.given, "delivery.timeout.ms", p.node),
                     "delivery.timeout.ms (" + ms(c.delivery_timeout) +
                         ") must be at least linger.ms + request.timeout.ms (" + ms(least) + ")");
    }
    c.delivery_timeout = least;
}

/// Settings of any producer: an entry of `producers`, or the one that a consumer has.
void resolve_producer_config(Release release, Settings& settings, const Node& node,
                             ProducerConfig& config, Report& report) {
    unbuilt_setting(report, settings, "transactional.id", "\"transactional.id\"");
    settings.erase("transactional.id");
    apply(settings, modelled_producer(), config, &report);
    const ProducerSettings p{release, node, settings, config};
    resolve_idempotence(p, report);
    resolve_delivery_timeout(p, report);
    const auto setting = settings.find("partitioner.class");
    if (setting != settings.end() && config.partitioner == PartitionerKind::builtin &&
        !setting->second.text.empty()) {
        report.error(*setting->second.node,
                     "the partitioner " + in_quotes(setting->second.text) +
                         " is not known: leave it out, or \"org.apache.kafka.clients.producer."
                         "RoundRobinPartitioner\"");
    }
}

/// The readable form of partitioner.class.
void resolve_partitioner(ProducerDraft& p, Report& report) {
    if (p.partitioner.empty()) { return; }
    const Node& node = p.node->at("partitioner");
    if (given(p.settings, "partitioner.class")) {
        report.error(node,
                     "\"partitioner\" and \"partitioner.class\" say the same: give one of them");
    }
    if (p.partitioner == "round_robin") { p.config.partitioner = PartitionerKind::round_robin; }
    if (p.partitioner == "sticky") { p.config.partitioner_ignore_keys = true; }
    if ((p.partitioner == "explicit") != p.partition.has_value()) {
        report.error(node,
                     "the partitioner \"explicit\" and the key \"partition\" need each other");
    }
}

void check_assignors(ConsumerDraft& g, Report& report) {
    const auto found = g.settings.find("partition.assignment.strategy");
    if (found == g.settings.end()) { return; }
    const SettingValue& value = found->second;
    const auto& known = assignor_names();
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto& resolved = g.config.partition_assignment_strategy;
    const auto written = split(value.text, ',');
    if (resolved.empty()) { report.error(*value.node, "the list of assignors is empty"); }
    for (std::size_t k = 0; k < resolved.size(); ++k) {
        if (resolved[k].empty()) {
            report.error(*value.node, "unknown assignor " + in_quotes(written[k]) +
                                          did_you_mean(written[k], names) + ": expected " +
                                          listed(names));
            return;
        }
        if (std::count(resolved.begin(), resolved.end(), resolved[k]) > 1) {
            report.error(*value.node,
                         "the assignor " + in_quotes(resolved[k]) + " is listed twice");
            return;
        }
    }
    if (!resolved.empty() && resolved.front() != "range" && resolved.front() != "roundrobin") {
        report.error(*value.node,
                     "the assignor " + in_quotes(resolved.front()) + " is not built yet");
    }
}

void check_reset(const ConsumerDraft& g, Report& report) { // AutoOffsetResetStrategy.
    constexpr std::string_view by_duration = "by_duration:";
    const auto reset = g.settings.find("auto.offset.reset");
    if (reset == g.settings.end() || !reset->second.text.starts_with(by_duration)) { return; }
    const auto parsed = iso_duration_of(reset->second.text.substr(by_duration.size()));
    if (!parsed.value) { report.error(*reset->second.node, parsed.error); }
}

void check_session(const Draft& draft, const ConsumerDraft& g, Report& report) {
    const ConsumerConfig& c = g.config;
    if (c.heartbeat_interval >= c.session_timeout) { // Heartbeat's constructor.
        report.error(place_of(g.settings, "heartbeat.interval.ms",
                              place_of(g.settings, "session.timeout.ms", *g.node)),
                     "heartbeat.interval.ms (" + ms(c.heartbeat_interval) +
                         ") must be below session.timeout.ms (" + ms(c.session_timeout) + ")");
    }
    const ServerConfig& s = draft.broker_config;
    if (c.session_timeout < s.group_min_session_timeout ||
        c.session_timeout > s.group_max_session_timeout) { // INVALID_SESSION_TIMEOUT
        report.error(place_of(g.settings, "session.timeout.ms", *g.node),
                     "session.timeout.ms (" + ms(c.session_timeout) +
                         ") is outside what brokers allow: " + ms(s.group_min_session_timeout) +
                         " to " + ms(s.group_max_session_timeout) +
                         " (group.min.session.timeout.ms, group.max.session.timeout.ms)");
    }
}

void resolve_commit(ConsumerDraft& g, Report& report) {
    const bool automatic = g.commit_word == "auto";
    g.commit = automatic                             ? CommitMode::automatic
               : g.commit_word == "after_processing" ? CommitMode::after_processing
                                                     : CommitMode::before_processing;
    if ((automatic && is_false(g.settings, "enable.auto.commit")) ||
        (!automatic && is_true(g.settings, "enable.auto.commit"))) {
        report.error(place_of(g.settings, "enable.auto.commit", *g.node),
                     "enable.auto.commit contradicts \"commit\": " + in_quotes(g.commit_word));
    }
    g.config.enable_auto_commit = automatic;
}

} // namespace

void resolve_servers(Draft& draft, Report& report) {
    const Release release = draft.scenario.kafka_version;
    draft.scenario.control_plane.eligible_leader_replicas =
        draft.control_plane.eligible_leader_replicas.value_or(rules_of(release).elr_level > 0);
    const auto table = modelled_server();
    apply_release(release, Place::server, table, draft.broker_config);
    apply_release(release, Place::server, modelled_topic_defaults(), draft.topic_config);
    draft.controller_config = draft.broker_config;
    const Settings brokers = without_topic_defaults(draft.brokers.settings);
    const Settings controllers = without_topic_defaults(draft.control_plane.settings);
    // A name given in one place counts for all machines, one given in both for its own.
    apply(controllers, table, draft.broker_config, nullptr);
    apply(brokers, table, draft.broker_config, &report);
    apply(brokers, table, draft.controller_config, nullptr);
    apply(controllers, table, draft.controller_config, &report);
    check_server(draft, draft.broker_config, report);
    resolve_topic_defaults(draft, report);
    list_changed_settings(draft);
    for (OverrideDraft& own : draft.brokers.overrides) {
        own.config = draft.broker_config;
        apply(own.settings, table, own.config, &report);
    }
}

void resolve_topic_settings(const Draft& draft, TopicDraft& topic, Report& report) {
    topic.config = draft.topic_config;
    apply(topic.settings, modelled_topic(), topic.config, &report);
    warn_of_compaction(topic.settings, "cleanup.policy", report);
}

void resolve_producer_settings(const Draft& draft, ProducerDraft& p, Report& report) {
    const Release release = draft.scenario.kafka_version;
    apply_release(release, Place::producer, modelled_producer(), p.config);
    resolve_producer_config(release, p.settings, *p.node, p.config, report);
    resolve_partitioner(p, report);
}

void resolve_consumer_settings(const Draft& draft, ConsumerDraft& g, Report& report) {
    if (given(g.settings, "group.protocol") && !wrote(g.settings, "group.protocol", "classic")) {
        unbuilt_setting(report, g.settings, "group.protocol", "a protocol other than \"classic\"");
    }
    if (given(g.settings, "group.id") && !wrote(g.settings, "group.id", g.group)) {
        report.error(*g.settings.find("group.id")->second.node,
                     "group.id contradicts the key \"group\": " + in_quotes(g.group));
    }
    check_reset(g, report);
    if (given(g.settings, "group.remote.assignor")) { // ConsumerConfig refuses it in 4.0.
        report.error_at_key(*g.settings.find("group.remote.assignor")->second.node,
                            "group.remote.assignor needs the protocol \"consumer\"");
    }
    for (const std::string_view name : {"group.protocol", "group.id", "group.remote.assignor"}) {
        const auto found = g.settings.find(name);
        if (found != g.settings.end()) { g.settings.erase(found); }
    }
    const Release release = draft.scenario.kafka_version;
    apply_release(release, Place::consumer, modelled_consumer(), g.config);
    apply_release(release, Place::producer, modelled_producer(), g.producer_config);
    apply(g.settings, modelled_consumer(), g.config, &report);
    check_assignors(g, report);
    check_session(draft, g, report);
    resolve_commit(g, report);
    // It waits for each acknowledgement: nothing is gained by lingering.
    g.producer_config.linger = Duration{};
    resolve_producer_config(release, g.producer_settings, *g.node, g.producer_config, report);
}

} // namespace brokersim

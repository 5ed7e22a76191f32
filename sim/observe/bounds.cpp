// Names the settings that bound the phases of a failover.
#include "observe/bounds.hpp"

#include "observe/decimal.hpp"

#include <optional>

namespace brokersim {

namespace {

std::string setting(const char* name, std::optional<Duration> value) {
    return value ? std::string(name) + " " + duration_text(*value) : name;
}

/// The value that all brokers share.
std::optional<Duration> of_brokers(const Scenario& scenario, Duration ServerConfig::*member) {
    if (scenario.brokers.empty()) { return {}; }
    const Duration value = scenario.brokers.front().config.*member;
    for (const BrokerSpec& broker : scenario.brokers) {
        if (broker.config.*member != value) { return {}; }
    }
    return value;
}

/// The value of the client whose success ended the window.
std::optional<Duration> of_client(const Failover& failover, const Scenario& scenario,
                                  const RunInfo& info, Duration ProducerConfig::*producer,
                                  Duration ConsumerConfig::*consumer) {
    if (failover.window.g.present) {
        for (const ConsumerGroupSpec& spec : scenario.consumers) {
            if (spec.group == info.name(failover.window.g.value)) { return spec.config.*consumer; }
        }
        return {};
    }
    if (!failover.client.valid()) { return {}; }
    const std::string& name = info.name(failover.client);
    for (const ProducerSpec& spec : scenario.producers) {
        if (spec.name == name || is_instance(name, spec.name)) { return spec.config.*producer; }
    }
    return {};
}

std::optional<Duration> of_group(const Failover& failover, const Scenario& scenario,
                                 const RunInfo& info, Duration ConsumerConfig::*member) {
    if (!failover.window.g.present) { return {}; }
    return of_client(failover, scenario, info, &ProducerConfig::request_timeout, member);
}

/// What takes the place of a bound of KRaft in ZooKeeper mode; empty: it is the same.
std::string zookeeper_text(Bound bound, const Scenario& scenario) {
    switch (bound) {
    case Bound::session:
        return setting("zookeeper.session.timeout.ms",
                       of_brokers(scenario, &ServerConfig::zookeeper_session_timeout));
    case Bound::append_linger: return "a watch, or the election of a controller";
    case Bound::metadata_idle: return "the controller's requests to brokers";
    default: return {};
    }
}

std::string text_of(const Failover& failover, std::size_t phase, const Scenario& scenario,
                    const RunInfo& info) {
    const ServerConfig& controller = scenario.control_plane.config;
    const auto client = [&](Duration ProducerConfig::*producer,
                            Duration ConsumerConfig::*consumer) {
        return of_client(failover, scenario, info, producer, consumer);
    };
    const auto group = [&](Duration ConsumerConfig::*member) {
        return of_group(failover, scenario, info, member);
    };
    const auto server = [&](Duration ServerConfig::*m) { return of_brokers(scenario, m); };
    switch (failover.bounds[phase]) {
    case Bound::session:
        return setting("broker.session.timeout.ms", controller.broker_session_timeout);
    case Bound::replica_lag:
        return setting("replica.lag.time.max.ms", server(&ServerConfig::replica_lag_time_max));
    case Bound::request: return "at once: it says that it goes";
    case Bound::fault_end: return "the end of the fault: nobody finds out before";
    case Bound::member_session:
        return setting("session.timeout.ms", group(&ConsumerConfig::session_timeout));
    case Bound::member_poll:
        return setting("max.poll.interval.ms", group(&ConsumerConfig::max_poll_interval));
    case Bound::append_linger:
        return setting("controller.quorum.append.linger.ms",
                       controller.controller_quorum_append_linger);
    case Bound::controller: return "the controller's work";
    case Bound::replica_back: return "the return of an in-sync replica";
    case Bound::min_isr: return "min.insync.replicas, until a replica has caught up";
    case Bound::preferred:
        return setting("leader.imbalance.check.interval.seconds",
                       controller.leader_imbalance_check_interval);
    case Bound::unclean:
        return setting("unclean.leader.election.interval.ms",
                       controller.unclean_leader_election_interval);
    case Bound::member_back: return "the return of the member";
    case Bound::rebalance:
        return setting("heartbeat.interval.ms", group(&ConsumerConfig::heartbeat_interval));
    case Bound::metadata_idle:
        return setting("metadata.max.idle.interval.ms", controller.metadata_max_idle_interval);
    case Bound::refresh:
        return setting("retry.backoff.max.ms", client(&ProducerConfig::retry_backoff_max,
                                                      &ConsumerConfig::retry_backoff_max));
    case Bound::client_request:
        return setting("request.timeout.ms",
                       client(&ProducerConfig::request_timeout, &ConsumerConfig::request_timeout));
    case Bound::leader_hint: return "at once: NOT_LEADER_OR_FOLLOWER";
    case Bound::follower_fetch:
        return setting("replica.fetch.backoff.ms", server(&ServerConfig::replica_fetch_backoff));
    case Bound::reconnect:
        return setting("reconnect.backoff.max.ms", client(&ProducerConfig::reconnect_backoff_max,
                                                          &ConsumerConfig::reconnect_backoff_max));
    case Bound::fetch_wait:
        return setting("fetch.max.wait.ms", group(&ConsumerConfig::fetch_max_wait));
    case Bound::replica_return: return "the return of a replica";
    case Bound::group_speed: return "the speed of the group";
    case Bound::none:
    case Bound::count_: break;
    }
    return {};
}

} // namespace

std::string bound_text(const Failover& failover, std::size_t phase, const Scenario& scenario,
                       const RunInfo& info) {
    if (scenario.control_plane.mode == ControlPlaneMode::zookeeper) {
        std::string text = zookeeper_text(failover.bounds[phase], scenario);
        if (!text.empty()) { return text; }
    }
    return text_of(failover, phase, scenario, info);
}

} // namespace brokersim

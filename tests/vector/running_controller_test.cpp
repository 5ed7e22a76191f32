// The decisions about partitions through a running controller: it holds the state before, an event
// of the cluster is driven into it, and what it commits is compared.
#include "controller/controller.hpp"
#include "support/actor_harness.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

using namespace brokersim;
using namespace brokersim::test;

namespace {

constexpr std::size_t brokers = 6; // The vectors name 1 to 5.
constexpr PartitionId tp{0};

PartitionState state_of(const Json& json) {
    PartitionState state;
    state.replicas = numbers(json, "replicas");
    state.isr = numbers(json, "isr");
    state.elr = numbers(json, "elr");
    state.last_known_elr = numbers(json, "last_known_elr");
    state.leader = json.at("leader").get<std::int32_t>();
    state.leader_epoch = json.at("leader_epoch").get<LeaderEpoch>();
    state.partition_epoch = json.at("partition_epoch").get<PartitionEpoch>();
    state.recovering = json.at("recovering").get<bool>();
    std::sort(state.elr.begin(), state.elr.end());
    return state;
}

struct Case {
    explicit Case(const Json& json)
        : id(json.at("id").get<std::string>()), before(state_of(json.at("before"))),
          election(json.at("request").at("election").get<std::string>()),
          acceptable(numbers(json.at("request"), "acceptable_leaders")),
          target_isr(numbers(json.at("request"), "target_isr")),
          unclean_shutdown(numbers(json.at("request"), "unclean_shutdown")),
          elr(json.at("request").at("elr_enabled").get<bool>()),
          min_isr(json.at("request").value("min_isr", 1)),
          recovering(json.at("request").value("target_recovering", before.recovering)),
          changed(json.at("changed").get<bool>()) {
        if (changed) after = state_of(json.at("after"));
    }

    std::string id;
    PartitionState before;
    std::string election;
    Numbers acceptable, target_isr, unclean_shutdown;
    bool elr = false;
    std::int32_t min_isr = 1;
    bool recovering = false;
    bool changed = false;
    PartitionState after;

    bool is(const std::string& what) const { return id.find(what) != std::string::npos; }
    /// The broker in "fence-3/…"; none of them: -1.
    std::int32_t named(const std::string& event) const {
        return id.starts_with(event + "-") ? id.at(event.size() + 1) - '0' : -1;
    }
    /// Who goes from the ISR with this event.
    std::int32_t leaver() const {
        for (const std::int32_t member : before.isr) {
            if (!contains(target_isr, member)) return member;
        }
        return -1;
    }
};

LayoutRef layout_of(const Case& c) {
    Layout l;
    l.brokers = brokers;
    l.controllers = 1;
    l.machines = brokers + 1;
    l.partitions = 1;
    l.topics = {{"orders", tp, 1}};
    l.topics[0].config.min_insync_replicas = c.min_isr;
    l.topics[0].config.unclean_leader_election_enable = c.election == "unclean";
    l.topic_of = {0};
    l.eligible_leader_replicas = c.elr;
    return std::make_shared<const Layout>(l);
}

RunInfo info() {
    RunInfo out;
    for (std::size_t k = 0; k <= brokers; ++k)
        out.nodes.push_back("n" + std::to_string(k));
    out.partitions = {"orders/0"};
    out.topics.push_back({"orders", 1, 3, 1, false, false, tp});
    return out;
}

/// One controller, alone in its quorum and active, that holds the state before.
class Running {
public:
    explicit Running(const Case& c)
        : layout_(layout_of(c)), info_(info()),
          table_(Controller(self, "c1", layout_, config(), 1), self, info_) {
        ClusterImage image(layout_);
        for (std::size_t k = 0; k < brokers; ++k) {
            MetadataRecord record;
            record.kind = MetadataRecord::Kind::register_broker;
            record.broker = MachineId(k);
            record.broker_epoch = epoch_of(static_cast<std::int32_t>(k));
            record.incarnation = 1;
            image.apply(record);
            record.kind = MetadataRecord::Kind::unfence_broker;
            const auto b = static_cast<std::int32_t>(k);
            // Who is about to be fenced, or dies, is active until then.
            const bool leaves = b == c.named("fence") || (c.elr && b == c.leaver());
            if (contains(c.acceptable, b) ? b != c.named("unfence") && !returns(c, b) : leaves) {
                image.apply(record);
            }
        }
        image.apply(partition_record(tp, c.before, PartWhy::created, true));
        table_.call([&](Controller& a, In in, Effects& out) { a.settle(in, image, 100, out); });
        table_.run_until(Time{} + milliseconds(1));
    }

    static bool returns(const Case& c, std::int32_t broker) {
        return c.is("returns") && contains(c.acceptable, broker);
    }

    void heartbeat(std::int32_t broker, bool want_fence) {
        table_.deliver<BrokerHeartbeatRequest>(ConnId{}, MachineId(broker), [&](auto& request) {
            request.broker = MachineId(broker);
            request.broker_epoch = epoch_of(broker);
            request.metadata_offset = 100;
            request.want_fence = want_fence;
            request.want_shutdown = false;
        });
    }
    /// A new incarnation, at the first instant at which nobody waits for the old one any more.
    void register_again(std::int32_t broker) {
        table_.run_until(Time{} + config().broker_session_timeout + nanoseconds(1));
        table_.deliver<BrokerRegistrationRequest>(ConnId{}, MachineId(broker), [&](auto& request) {
            request.broker = MachineId(broker);
            request.incarnation = 2;
            request.previous_epoch = -1;
        });
    }
    void alter_partition(const Case& c) {
        table_.deliver<AlterPartitionRequest>(
            ConnId{}, MachineId(c.before.leader), [&](auto& request) {
                request.broker = MachineId(c.before.leader);
                request.broker_epoch = epoch_of(c.before.leader);
                AlterPartitionRequest::Part part;
                part.tp = tp;
                part.leader_epoch = c.before.leader_epoch;
                part.partition_epoch = c.before.partition_epoch;
                part.recovering = c.recovering;
                for (const std::int32_t member : c.target_isr)
                    request.isr.push_back({MachineId(member), epoch_of(member)});
                part.isr_end = static_cast<std::uint32_t>(request.isr.size());
                request.parts.push_back(part);
            });
    }
    void wait(Duration d) { table_.run_until(table_.now() + d); }
    /// What is committed: everything, as far as it goes.
    PartitionState partition() {
        wait(milliseconds(26)); // The linger of an append.
        return table_.actor.committed().partition(tp);
    }

    static constexpr Duration preferred_every = seconds(2);

private:
    static constexpr MachineId self{static_cast<std::int32_t>(brokers)};
    static BrokerEpoch epoch_of(std::int32_t broker) { return broker + 1; }
    static ServerConfig config() {
        ServerConfig c;
        c.leader_imbalance_check_interval = preferred_every;
        return c;
    }

    LayoutRef layout_;
    RunInfo info_;
    ActorHarness<Controller> table_;
};

/// Why no event of a running cluster asks for this; empty: one does.
std::string out_of_reach(const Case& c) {
    if (c.is("reassignment/")) return "the state of a reassignment under way";
    const std::int32_t fenced = c.named("fence");
    if (fenced > 0 && contains(c.acceptable, fenced)) return "who is fenced may not lead";
    if (fenced > 0 && !contains(c.before.isr, fenced)) {
        // Fencing looks at the partitions whose ISR the broker is in.
        return c.changed ? "a leader that is not active, found by the fencing of another" : "";
    }
    if (c.election == "preferred" && c.changed) {
        const std::int32_t preferred = c.before.replicas.front();
        const bool valid = contains(c.before.isr, preferred) && contains(c.acceptable, preferred);
        // The periodic run looks only where it would bring the preferred leader back.
        if (!valid) return "a preferred election without a preferred leader";
    }
    return {};
}

void drive(Running& cluster, const Case& c) {
    if (c.named("fence") > 0) {
        cluster.heartbeat(c.named("fence"), true);
    } else if (c.named("unfence") > 0) {
        cluster.heartbeat(c.named("unfence"), false);
    } else if (c.election == "preferred") {
        cluster.wait(Running::preferred_every);
    } else if (!c.unclean_shutdown.empty()) {
        cluster.register_again(c.unclean_shutdown.front());
    } else if (c.is("returns")) {
        cluster.heartbeat(c.acceptable.front(), false);
    } else if (c.is("fence-last")) {
        cluster.heartbeat(c.leaver(), true);
    } else {
        cluster.alter_partition(c);
    }
}

} // namespace

TEST_CASE("a running controller decides as Kafka's does") {
    std::map<std::string, int> unreached;
    int driven = 0;
    for (const Json& one : cases_of(load_vectors("partition_change.json"), "cases")) {
        const Case c(one);
        CAPTURE(c.id);
        if (const std::string why = out_of_reach(c); !why.empty()) {
            ++unreached[why];
            continue;
        }
        Running cluster(c);
        drive(cluster, c);
        const PartitionState after = cluster.partition();
        CHECK(after.leader == (c.changed ? c.after : c.before).leader);
        CHECK(after.isr == (c.changed ? c.after : c.before).isr);
        CHECK(after == (c.changed ? c.after : c.before));
        ++driven;
    }
    for (const auto& [why, count] : unreached)
        MESSAGE(count << " cases out of reach: " << why);
    CHECK(driven > 200);
    CHECK(unreached.size() <= 4);
}

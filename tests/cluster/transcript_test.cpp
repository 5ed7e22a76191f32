// The transcripts of small clusters: every rule of replication, fencing and failover as a text.
#include "fact_words.hpp"
#include "small_cluster.hpp"
#include "support/transcript.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

using namespace brokersim;

namespace {

Duration duration_of(const std::string& text) {
    const std::int64_t n = std::atoll(text.c_str());
    if (text.ends_with("us")) return microseconds(n);
    if (text.ends_with("ms")) return milliseconds(n);
    REQUIRE_MESSAGE(text.ends_with("s"), "not a duration: " << text);
    return seconds(n);
}

Acks acks_of(const std::string& text) {
    return text == "all" ? Acks::all : text == "1" ? Acks::leader : Acks::none;
}

Api api_of(const std::string& text) {
    Api api{};
    REQUIRE_MESSAGE(from_word(text, api), "not a request: " << text);
    return api;
}

/// What a fault waits for: when-isr=2, when-leader=b2, when-acked=10, when-elected=b2 of orders/0;
/// when-controller=yes.
std::vector<StateSpec> states_of(const test::Command& c) {
    using Kind = StateSpec::Kind;
    std::vector<StateSpec> out;
    if (c.has("when-isr"))
        out.push_back({Kind::isr_size, "orders", 0, "", c.number("when-isr", 0)});
    if (c.has("when-leader"))
        out.push_back({Kind::leader, "orders", 0, c.text("when-leader", ""), 0});
    if (c.has("when-elected"))
        out.push_back({Kind::elected, "orders", 0, c.text("when-elected", ""), 0});
    if (c.has("when-controller")) out.push_back({Kind::elected, "", 0, "", 0});
    if (c.has("when-acked")) out.push_back({Kind::acked, "", 0, "", c.number("when-acked", 0)});
    return out;
}

/// What a set-config changes: min-isr=2, unclean=yes, segment-bytes=…, retention=….
std::vector<SettingEdit<TopicConfig>> edits_of(const test::Command& c, const TopicConfig& begun) {
    std::vector<SettingEdit<TopicConfig>> edits;
    const auto edit = [&](const char* key, const char* name, auto member, auto value) {
        if (!c.has(key)) return;
        edits.push_back({name, [=](TopicConfig& t) { t.*member = value; },
                         [member, old = begun.*member](TopicConfig& t) { t.*member = old; }});
    };
    edit("min-isr", "min.insync.replicas", &TopicConfig::min_insync_replicas,
         static_cast<std::int32_t>(c.number("min-isr", 1)));
    edit("unclean", "unclean.leader.election.enable", &TopicConfig::unclean_leader_election_enable,
         true);
    edit("max-bytes", "max.message.bytes", &TopicConfig::max_message_bytes,
         static_cast<std::int32_t>(c.number("max-bytes", 0)));
    edit("segment-bytes", "segment.bytes", &TopicConfig::segment_bytes,
         static_cast<std::int32_t>(c.number("segment-bytes", 0)));
    edit("retention", "retention.ms", &TopicConfig::retention,
         duration_of(c.text("retention", "0s")));
    return edits;
}

/// `b1,b2` as positions; `-`: none.
std::vector<std::int32_t> positions_of(const std::string& word) {
    std::vector<std::int32_t> row;
    std::istringstream names(word);
    for (std::string one; word != "-" && std::getline(names, one, ',');)
        row.push_back(std::atoi(one.c_str() + 1) - 1);
    return row;
}

/// Lines of the chosen facts that lie in (from, …].
class Lines final : public test::Watcher {
public:
    Lines(const RunInfo& info, std::vector<std::string> chosen, std::optional<Time> from)
        : words_(info), chosen_(std::move(chosen)), from_(from) {}
    std::string text;

private:
    void on_fact(Time now, FactRef fact) override {
        if (from_ && now <= *from_) return;
        visit(fact, [&](const auto& f) {
            const std::string_view kind = std::decay_t<decltype(f)>::name;
            if (std::find(chosen_.begin(), chosen_.end(), kind) == chosen_.end()) return;
            const std::string line = words_(f);
            if (!line.empty() && now > Time{}) text += test::in_seconds(now) + " " + line + "\n";
        });
    }

    test::FactWords words_;
    std::vector<std::string> chosen_;
    std::optional<Time> from_;
};

/// The cluster of one transcript. A run is a function of its scenario: each question runs it again
/// from the start, with the faults that have been ordered so far.
class Session {
public:
    std::string operator()(const test::Command& c) {
        if (c.name == "cluster") return cluster(c);
        if (c.name == "producer") return producer(c);
        if (c.name == "facts") {
            chosen_ = c.words;
            return {};
        }
        if (c.name == "run") return run(duration_of(c.word(0)));
        if (c.name == "show") return show(c);
        return fault(c);
    }

private:
    std::string cluster(const test::Command& c) {
        scenario_ = test::small_scenario(static_cast<std::int32_t>(c.number("brokers", 3)),
                                         static_cast<std::int32_t>(c.number("partitions", 1)),
                                         static_cast<std::int32_t>(c.number("replicas", 3)));
        scenario_.added_brokers = static_cast<std::int32_t>(c.number("later", 0));
        for (std::int32_t k = 0; k < scenario_.added_brokers; ++k) {
            BrokerSpec broker;
            broker.name = "b" + std::to_string(scenario_.brokers.size() + 1);
            scenario_.brokers.push_back(broker);
        }
        scenario_.cold_start = c.has("cold");
        scenario_.control_plane.combined = c.has("combined");
        seed_ = static_cast<std::uint64_t>(c.number("seed", 1));
        REQUIRE(from_word(c.text("release", "4.0"), scenario_.kafka_version));
        const std::int64_t elr_level = rules_of(scenario_.kafka_version).elr_level;
        scenario_.control_plane.eligible_leader_replicas = c.number("elr", elr_level) > 0;
        scenario_.topics.front().config.unclean_leader_election_enable = c.number("unclean", 0) > 0;
        if (c.has("zookeeper")) {
            scenario_ = test::in_zookeeper_mode(
                std::move(scenario_), static_cast<std::int32_t>(c.number("zookeeper", 3)));
        }
        scenario_.network.latency = Distribution::constant(duration_of(c.text("latency", "250us")));
        scenario_.topics.front().config.min_insync_replicas =
            static_cast<std::int32_t>(c.number("min-isr", 1));
        test::configure(scenario_, [&](ServerConfig& config) {
            config.unclean_leader_election_interval = duration_of(c.text("unclean-every", "300s"));
            config.replica_lag_time_max = duration_of(c.text("lag-max", "30s"));
            config.unclean_leader_election_interval = duration_of(c.text("unclean-every", "300s"));
            config.leader_imbalance_check_interval = duration_of(c.text("rebalance-every", "300s"));
            config.log_retention_check_interval = duration_of(c.text("retention-check", "300s"));
            config.zookeeper_session_timeout = duration_of(c.text("session", "18s"));
        });
        for (BrokerSpec& broker : scenario_.brokers) {
            broker.cpu = {duration_of(c.text("cpu", "20us")), 0};
            broker.disk.writeback = duration_of(c.text("writeback", "30s"));
            broker.disk.write = c.number("write", 500'000'000);
        }
        TopicConfig& topic = scenario_.topics.front().config;
        topic.segment_bytes = static_cast<std::int32_t>(c.number("segment-bytes", 1 << 30));
        topic.retention_bytes = c.number("retention-bytes", -1);
        topic.flush_messages = c.number("flush-messages", kafka_forever);
        topic.retention = duration_of(c.text("retention", "604800s"));
        return {};
    }

    std::string producer(const test::Command& c) {
        ProducerSpec p =
            test::small_producer(c.text("name", "p"), acks_of(c.text("acks", "all")),
                                 now_ + duration_of(c.text("start", "0s")),
                                 duration_of(c.text("every", "100ms")), c.number("count", 1));
        p.config.request_timeout = duration_of(c.text("request-timeout", "30s"));
        scenario_.producers.push_back(p);
        return {};
    }

    std::string run(Duration length) {
        const std::optional<Time> from = now_ == Time{} ? std::nullopt : std::optional(now_);
        now_ += length;
        Simulation names(scenario_, seed_);
        Lines lines(names.info(), chosen_, from);
        test::run_to(scenario_, now_, lines, seed_);
        return lines.text;
    }

    std::string show(const test::Command& c) {
        Simulation names(scenario_, seed_);
        const RunInfo& info = names.info();
        Lines lines(info, {}, now_);
        test::run_to(scenario_, now_, lines, seed_);
        const auto at = std::find(info.partitions.begin(), info.partitions.end(), c.word(0));
        REQUIRE(at != info.partitions.end());
        const TracedPartition* const p = lines.view.partition(
            PartitionId(static_cast<std::size_t>(at - info.partitions.begin())));
        REQUIRE(p != nullptr);
        const test::FactWords words(info);
        std::string text = "leader=" + words.leader(p->leader) +
                           " epoch=" + std::to_string(p->epoch) + " isr=" + words.list(p->isr) +
                           "\n";
        for (const MachineId replica : p->replicas) {
            const auto log = p->logs.find(replica);
            text += info.name(replica);
            text += log == p->logs.end()
                        ? " empty\n"
                        : " end=" + std::to_string(log->second.end) +
                              " hw=" + std::to_string(log->second.high_watermark) + "\n";
        }
        return text;
    }

    /// Something is done to the cluster now: right after everything that has happened so far.
    std::string fault(const test::Command& c) {
        std::string name = c.name == "start" ? "restart" : c.name;
        std::replace(name.begin(), name.end(), '-', '_');
        FaultAction action{};
        REQUIRE_MESSAGE(from_word(name, action), c.place << ": unknown command " << c.name);
        FaultSpec f = test::small_fault(action, now_ + nanoseconds(1), "");
        f.target.machines = c.words;
        if (c.words == std::vector<std::string>{"controller"}) {
            f.target.kind = TargetSpec::Kind::controller;
        }
        f.all_cuts = c.words.empty();
        f.from.machines = {c.text("from", "")};
        f.to.machines = {c.text("to", "")};
        if (c.has("for")) f.lasts = duration_of(c.text("for", ""));
        if (c.has("latency"))
            f.latency = Distribution::constant(duration_of(c.text("latency", "")));
        if (c.has("loss")) f.loss = Ratio{c.number("loss", 0) * (Ratio::one / 100)};
        f.factor_ppb = c.number("factor", 0) * Ratio::one;
        if (c.has("write")) f.write = c.number("write", 0);
        f.gap = duration_of(c.text("gap", "0s"));
        if (c.has("api")) f.api = api_of(c.text("api", ""));
        f.topic = "orders";
        f.topic_edits = edits_of(c, scenario_.topics.front().config);
        if (action == FaultAction::set_config && !c.words.empty()) f.topic.clear();
        f.by = duration_of(c.text("by", "0s"));
        for (const std::string& word : c.words) // reassign b1,b2 -
            f.assignment.push_back(positions_of(word));
        f.members = 1; // add-broker
        f.when = states_of(c);
        for (const std::string& word : c.words) { // partition b1,b2 b3
            TargetSpec& group = f.groups.emplace_back();
            std::istringstream names(word);
            for (std::string one; std::getline(names, one, ',');)
                group.machines.push_back(one);
        }
        scenario_.faults.push_back(f);
        return {};
    }

    Scenario scenario_;
    std::uint64_t seed_ = 1;
    Time now_;
    std::vector<std::string> chosen_;
};

} // namespace

TEST_CASE("the cluster's transcripts say what happens") {
    CHECK(test::check_transcripts<Session>(BROKERSIM_SOURCE "/tests/transcripts/cluster"));
}

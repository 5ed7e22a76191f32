// The transcripts of consumer groups: who owns what, where members start, what they process.
#include "group_words.hpp"
#include "observe/run_observers.hpp"
#include "small_cluster.hpp"
#include "support/transcript.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

using namespace brokersim;

namespace {

Duration duration_of(const std::string& text) {
    const std::int64_t n = std::atoll(text.c_str());
    if (text.ends_with("ms")) return milliseconds(n);
    REQUIRE_MESSAGE(text.ends_with("s"), "not a duration: " << text);
    return seconds(n);
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

template <class E>
E word_of(const std::string& text) {
    E value{};
    REQUIRE_MESSAGE(from_word(text, value), "unknown: " << text);
    return value;
}

/// Lines of the chosen facts and verdicts that lie in (from, …].
class Lines final : public Observer {
public:
    Lines(const RunInfo& info, const std::vector<std::string>& chosen, Time from)
        : words_(info), chosen_(chosen), from_(from) {}
    std::string text;

    FactKinds wants() const override { return FactKinds::all(); }
    void on(Time now, Cause, FactRef fact, Verdicts&) override {
        if (now <= from_) return;
        visit(fact, [&](const auto& f) {
            const std::string_view kind = std::decay_t<decltype(f)>::name;
            if (std::find(chosen_.begin(), chosen_.end(), kind) == chosen_.end()) return;
            const std::string line = words_(f);
            if (!line.empty()) text += test::in_seconds(now) + " " + line + "\n";
        });
    }

private:
    test::GroupWords words_;
    const std::vector<std::string>& chosen_;
    Time from_;
};

/// A run is a function of its scenario: each `run` begins at the start, with all that has been
/// ordered so far, and tells what is new.
class GroupSession {
public:
    std::string operator()(const test::Command& c) {
        if (c.name == "cluster") return cluster(c);
        if (c.name == "topic") return topic(c);
        if (c.name == "producer") return producer(c);
        if (c.name == "group") return group(c);
        if (c.name == "facts") {
            chosen_ = c.words;
            return {};
        }
        if (c.name == "run") return run(duration_of(c.word(0)));
        return fault(c);
    }

private:
    std::string cluster(const test::Command& c) {
        scenario_ = test::small_scenario(static_cast<std::int32_t>(c.number("brokers", 3)),
                                         static_cast<std::int32_t>(c.number("partitions", 1)),
                                         static_cast<std::int32_t>(c.number("replicas", 3)));
        test::configure(scenario_, [&](ServerConfig& config) {
            config.group_initial_rebalance_delay = duration_of(c.text("initial-delay", "0s"));
            config.group_max_size = static_cast<std::int32_t>(c.number("max-size", 100));
            config.offsets_topic_num_partitions = 3;
            config.log_retention_check_interval = seconds(1);
        });
        TopicConfig& orders = scenario_.topics.front().config;
        orders.segment_bytes = static_cast<std::int32_t>(c.number("segment-bytes", 1 << 30));
        orders.retention = duration_of(c.text("retention", "604800s"));
        return {};
    }

    std::string topic(const test::Command& c) {
        TopicSpec topic = scenario_.topics.front();
        topic.name = c.word(0);
        topic.partitions = static_cast<std::int32_t>(c.number("partitions", 1));
        topic.assignment.assign(static_cast<std::size_t>(topic.partitions), {0, 1, 2});
        scenario_.topics.push_back(topic);
        return {};
    }

    std::int32_t topic_number(const std::string& name) const {
        const auto at = std::find_if(scenario_.topics.begin(), scenario_.topics.end(),
                                     [&](const TopicSpec& t) { return t.name == name; });
        REQUIRE_MESSAGE(at != scenario_.topics.end(), "unknown topic " << name);
        return static_cast<std::int32_t>(at - scenario_.topics.begin());
    }

    std::string producer(const test::Command& c) {
        ProducerSpec p = test::small_producer(
            c.text("name", "shop"), Acks::all, now_ + duration_of(c.text("start", "0s")),
            duration_of(c.text("every", "100ms")), c.number("count", 1));
        p.topic = topic_number(c.text("topic", "orders"));
        p.partition = static_cast<std::int32_t>(c.number("partition", 0));
        if (c.has("poison")) p.poison.at.push_back(c.number("poison", 0));
        if (c.has("fails")) p.poison.fails = c.number("fails", 1);
        if (c.has("keys")) {
            p.keys.kind = KeySpec::Kind::list;
            p.keys.list = split(c.text("keys", ""));
        }
        scenario_.producers.push_back(p);
        return {};
    }

    std::string group(const test::Command& c) {
        ConsumerGroupSpec g;
        g.group = c.word(0);
        for (const std::string& name : split(c.text("topics", "orders")))
            g.topics.push_back(topic_number(name));
        g.members = static_cast<std::int32_t>(c.number("members", 1));
        g.start = now_ + duration_of(c.text("start", "0s"));
        g.join_every = duration_of(c.text("join-every", "0s"));
        if (c.has("stop")) g.stop = Time{} + duration_of(c.text("stop", ""));
        g.processing = Distribution::constant(duration_of(c.text("processing", "1ms")));
        const std::string commit = c.text("commit", "auto");
        g.commit = commit == "before"  ? CommitMode::before_processing
                   : commit == "after" ? CommitMode::after_processing
                                       : CommitMode::automatic;
        failures(c, g);
        g.config.partition_assignment_strategy = {c.text("assignor", "range")};
        g.config.session_timeout = duration_of(c.text("session", "45s"));
        g.config.max_poll_interval = duration_of(c.text("max-poll", "300s"));
        g.config.max_poll_records = static_cast<std::int32_t>(c.number("poll-records", 500));
        g.config.auto_commit_interval = duration_of(c.text("commit-every", "5s"));
        g.config.group_instance_id = c.text("instance", "");
        g.config.auto_offset_reset = reset_of(c.text("reset", "earliest"), g.config);
        scenario_.consumers.push_back(g);
        return {};
    }

    static OffsetReset reset_of(const std::string& text, ConsumerConfig& config) {
        if (text == "earliest") return OffsetReset::earliest;
        if (text == "latest") return OffsetReset::latest;
        if (text == "none") return OffsetReset::none;
        config.auto_offset_reset_by = duration_of(text);
        return OffsetReset::by_duration;
    }

    void failures(const test::Command& c, ConsumerGroupSpec& g) const {
        g.on_failure = {c.number("retries", 0), duration_of(c.text("backoff", "1s")),
                        word_of<FailurePolicy>(c.text("then", "block"))};
        if (c.has("letters")) g.dead_letter_topic = topic_number(c.text("letters", ""));
        if (c.has("restart")) g.restart_after = duration_of(c.text("restart", ""));
        g.producer_config.linger = {};
        g.concurrency = static_cast<std::int32_t>(c.number("concurrency", 1));
    }

    std::string run(Duration length) {
        const Time from = now_;
        now_ += length;
        Scenario scenario = scenario_;
        scenario.duration = now_ - Time{};
        Simulation run(scenario, 1);
        RunObservers watch(scenario, run.info());
        Lines lines(run.info(), chosen_, from);
        std::vector<Observer*> observers = watch.observers();
        observers.push_back(&lines);
        Recorder recorder(run.info(), nullptr, observers);
        run.start(recorder);
        while (run.advance(recorder, 1'000'000)) {}
        return lines.text;
    }

    /// Right after everything that has happened so far.
    std::string fault(const test::Command& c) {
        FaultSpec f =
            test::small_fault(word_of<FaultAction>(c.name == "start" ? "restart" : c.name),
                              now_ + nanoseconds(1), "");
        f.id = "f" + std::to_string(scenario_.faults.size());
        f.target.machines = c.words;
        f.all_cuts = c.words.empty();
        const std::string role = "coordinator:";
        if (!c.words.empty() && c.word(0).starts_with(role)) {
            f.target.kind = TargetSpec::Kind::coordinator;
            f.target.group = c.word(0).substr(role.size());
        }
        f.group = c.text("group", "");
        f.members = static_cast<std::int32_t>(c.number("members", 0));
        if (c.has("for")) f.lasts = duration_of(c.text("for", ""));
        scenario_.faults.push_back(f);
        return {};
    }

    Scenario scenario_;
    Time now_;
    std::vector<std::string> chosen_;
};

} // namespace

TEST_CASE("the transcripts of groups say what happens") {
    CHECK(test::check_transcripts<GroupSession>(BROKERSIM_SOURCE "/tests/transcripts/groups"));
}

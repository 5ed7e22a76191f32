// Small worlds for the tests of traces: names, a sink in memory, facts with random values.
#pragma once

#include "brokersim/facts.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace brokersim::test {

/// b1…b3, c1, a producer and a member; orders with 3 partitions, an internal topic with 2.
inline RunInfo small_world(Level level = Level::all) {
    RunInfo info;
    info.program = "brokersim test";
    info.scenario = "small \"world\"\n";
    info.scenario_digest = "xxh3:00000000000000000000000000000000";
    info.seed = 18446744073709551615U;
    info.level = level;
    info.config = {{"num.replica.fetchers", "4"}, {"x", "\"y\""}, {"z", "true"}};
    info.nodes = {"b1", "b2", "b3", "c1", "shop", "billing-1"};
    info.topics = {{"orders", 3, 2, 1, false, false, PartitionId(0)},
                   {"__consumer_offsets", 2, 3, 1, false, true, PartitionId(3)}};
    info.partitions = {"orders/0", "orders/1", "orders/2", "__consumer_offsets/0",
                       "__consumer_offsets/1"};
    info.producers = {{"shop", MachineId(4), "all", true, false}};
    GroupInfo billing;
    billing.name = "billing";
    billing.topics = {"orders"};
    info.groups = {billing};
    info.faults = {"f1", "f2"};
    return info;
}

class MemorySink final : public ByteSink {
public:
    std::string bytes;
    std::size_t room = std::string::npos; ///< the disk is full after so many bytes

    bool write(std::string_view more) override {
        if (bytes.size() + more.size() > room) { return false; }
        bytes += more;
        return true;
    }
};

/// A small generator for tests (SplitMix64).
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    std::uint64_t below(std::uint64_t n) { return next() % n; }

private:
    std::uint64_t state_;
};

/// Fills facts with random values; owns what their spans and texts refer to.
class RandomFacts {
public:
    RandomFacts(const RunInfo& info, std::uint64_t seed) : info_(info), dice_(seed) {}

    template <class F>
    F make() {
        F fact;
        fill(fact, std::make_index_sequence<std::tuple_size_v<decltype(F::fields())>>());
        return fact;
    }
    Dice& dice() { return dice_; }

private:
    template <class F, std::size_t... I>
    void fill(F& fact, std::index_sequence<I...>) {
        (value(fact.*(std::get<I>(F::fields()).member)), ...);
    }
    template <std::integral N>
    void value(N& n) {
        n = static_cast<N>(dice_.next() >> dice_.below(64));
        if (std::is_signed_v<N> && dice_.below(8) == 0) { n = static_cast<N>(-n); }
    }
    void value(bool& yes) { yes = dice_.below(2) == 1; }
    void value(Time& t) { value(t.ns); }
    void value(Duration& d) { value(d.ns); }
    template <class E>
    requires std::is_enum_v<E>
    void value(E& e) { e = static_cast<E>(dice_.below(std::size(words_of<E>))); }
    void value(MachineId& id) { id = MachineId(dice_.below(info_.nodes.size())); }
    void value(PartitionId& id) { id = PartitionId(dice_.below(info_.partitions.size())); }
    void value(TopicId& id) { id = TopicId(std::size_t{0}); }
    void value(ProducerId& id) { id = ProducerId(dice_.below(info_.producers.size())); }
    void value(GroupId& id) { id = GroupId(dice_.below(info_.groups.size())); }
    void value(FaultId& id) { id = FaultId(dice_.below(info_.faults.size())); }
    void value(std::string_view& text) {
        static constexpr std::string_view pieces[] = {"a",       "b c", "\"",   "\\",   "\n",
                                                      "\x1b[2J", "é",   "日",   "🙂", "\t",
                                                      "/",       "",    "\x7f", "{}"};
        std::string& made = texts_.emplace_back();
        for (std::uint64_t k = dice_.below(6); k > 0; --k) {
            made += pieces[dice_.below(std::size(pieces))];
        }
        text = made;
    }
    template <class T>
    void value(std::optional<T>& maybe) {
        maybe.reset();
        if (dice_.below(3) > 0) { value(maybe.emplace()); }
    }
    template <class T>
    void value(Maybe<T>& maybe) {
        maybe.present = dice_.below(3) > 0;
        if (maybe.present) { value(maybe.value); }
    }
    template <class I>
    void list(std::deque<std::vector<I>>& pool, std::span<const I>& out) {
        std::vector<I>& made = pool.emplace_back();
        for (std::uint64_t k = dice_.below(4); k > 0; --k) {
            value(made.emplace_back());
        }
        out = made;
    }
    void value(std::span<const MachineId>& out) { list(machines_, out); }
    void value(std::span<const PartitionId>& out) { list(partitions_, out); }
    void value(std::span<const MemberAssignment>& out) { list(members_, out); }
    void value(MemberAssignment& member) {
        value(member.member);
        value(member.partitions);
    }
    void value(Phases& p) {
        for (Duration* d : {&p.undetected, &p.detected, &p.electing, &p.propagating,
                            &p.clients_stale, &p.recovering, &p.under_replicated, &p.catching_up}) {
            value(*d);
        }
    }

    const RunInfo& info_;
    Dice dice_;
    std::deque<std::string> texts_;
    std::deque<std::vector<MachineId>> machines_;
    std::deque<std::vector<PartitionId>> partitions_;
    std::deque<std::vector<MemberAssignment>> members_;
};

/// Calls `each` with a null pointer of every fact type.
template <class Each, std::size_t... I>
void for_each_fact(Each each, std::index_sequence<I...>) {
    (each(static_cast<std::tuple_element_t<I, AllFacts>*>(nullptr)), ...);
}
template <class Each>
void for_each_fact(Each each) {
    for_each_fact(each, std::make_index_sequence<std::tuple_size_v<AllFacts>>());
}

template <class F>
FactRef ref(const F& fact) {
    return {F::kind, &fact};
}

} // namespace brokersim::test

// What the controller decides when brokers fall silent, come back, stop or ask for an ISR.
#include "image_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::ImageTable;

namespace {

using Kind = MetadataRecord::Kind;

PartitionState partition(BrokerList isr, std::int32_t leader) {
    PartitionState state;
    state.replicas = {0, 1, 2};
    state.isr = std::move(isr);
    state.leader = leader;
    return state;
}

std::string fence(ImageTable& table, std::int32_t broker) {
    Records records;
    fence_broker(table.image, MachineId(broker), "session_timeout", PartWhy::fenced, records);
    return table.take(records);
}

std::string unfence(ImageTable& table, std::int32_t broker) {
    Records records;
    unfence_broker(table.image, MachineId(broker), records);
    return table.take(records);
}

} // namespace

TEST_CASE("every heartbeat leads where the table of broker states says") {
    for (int bits = 0; bits < 128; ++bits) {
        HeartbeatFacts f;
        f.fenced = (bits & 1) != 0;
        f.stopping = (bits & 2) != 0;
        f.want_fence = (bits & 4) != 0;
        f.want_shutdown = (bits & 8) != 0;
        f.caught_up = (bits & 16) != 0;
        f.leads_anything = (bits & 32) != 0;
        f.others_caught_up = (bits & 64) != 0;
        BrokerNext expected{};
        if (f.stopping) {
            const bool ready = !f.leads_anything && f.others_caught_up;
            expected = ready ? BrokerNext::shut_down : BrokerNext::controlled_shutdown;
        } else if (f.fenced && f.want_shutdown) {
            expected = BrokerNext::shut_down;
        } else if (f.fenced && !f.want_fence && f.caught_up) {
            expected = BrokerNext::unfenced;
        } else if (f.fenced) {
            expected = BrokerNext::fenced;
        } else if (f.want_fence && f.want_shutdown) {
            expected = BrokerNext::shut_down;
        } else if (f.want_fence) {
            expected = BrokerNext::fenced;
        } else if (f.want_shutdown && f.leads_anything) {
            expected = BrokerNext::controlled_shutdown;
        } else if (f.want_shutdown) {
            expected = BrokerNext::shut_down;
        } else {
            expected = BrokerNext::unfenced;
        }
        CHECK(next_broker_state(f) == expected);
    }
}

TEST_CASE("fencing takes a broker out of every ISR and moves its leaderships, in one event") {
    ImageTable table(3);
    table.set(1, partition({1, 2, 0}, 1));
    table.set(2, partition({1, 2}, 2)); // Not in this one.
    CHECK(fence(table, 0) == "orders/0 leader=2 epoch=1 isr=2,3 (fenced)\n"
                             "orders/1 leader=2 epoch=0 isr=2,3 (fenced)\n"
                             "fence 1\n");
    CHECK(fence(table, 0) == "fence 1\n"); // Once more: nothing but the record.
}

TEST_CASE(
    "the first replica in assignment order that may lead is elected, not the first of the ISR") {
    ImageTable table;
    table.set(0, partition({2, 0, 1}, 0));
    CHECK(fence(table, 0) == "orders/0 leader=2 epoch=1 isr=3,2 (fenced)\nfence 1\n");
}

TEST_CASE("a member of the ISR that is fenced itself, or stopping, is not elected") {
    ImageTable table;
    SUBCASE("fenced") {
        table.mark(Kind::fence_broker, 1);
    }
    SUBCASE("stopping") {
        table.mark(Kind::controlled_shutdown, 1);
    }
    CHECK(fence(table, 0) == "orders/0 leader=3 epoch=1 isr=2,3 (fenced)\nfence 1\n");
}

TEST_CASE("the last member stays in the ISR without leader, and is elected when it is back") {
    ImageTable table;
    table.set(0, partition({0}, 0));
    CHECK(fence(table, 0) == "orders/0 leader=none epoch=1 isr=1 (fenced)\nfence 1\n");
    CHECK(table.image.leaderless().size() == 1);
    CHECK(unfence(table, 1) == "unfence 2\n"); // Others do not help.
    CHECK(unfence(table, 0) == "unfence 1\norders/0 leader=1 epoch=2 isr=1 (unfenced)\n");
    CHECK(table.image.leaderless().empty());
}

TEST_CASE("when all replicas vanish, the one that is fenced last remains the only member") {
    ImageTable table;
    fence(table, 1);
    fence(table, 0);
    CHECK(fence(table, 2) == "orders/0 leader=none epoch=2 isr=3 (fenced)\nfence 3\n");
    CHECK(unfence(table, 0) == "unfence 1\n");
}

TEST_CASE("an unclean election takes any live replica, at once, where the topic allows it") {
    ImageTable table(1, true);
    table.set(0, partition({0}, 0));
    CHECK(fence(table, 0) == "orders/0 leader=2 epoch=1 isr=2 (fenced) unclean\nfence 1\n");
    CHECK(table.image.partition(PartitionId(0)).recovering);
}

TEST_CASE("the periodic unclean election finds a replica that has come back since") {
    ImageTable table(1, true);
    table.mark(Kind::fence_broker, 0);
    table.mark(Kind::fence_broker, 1);
    table.mark(Kind::fence_broker, 2);
    table.set(0, partition({0}, no_leader));
    Records records;
    CHECK_FALSE(elect_unclean(table.image, 1000, records));
    CHECK(table.take(records).empty());
    table.mark(Kind::unfence_broker, 2);
    elect_unclean(table.image, 1000, records);
    CHECK(table.take(records) == "orders/0 leader=3 epoch=1 isr=3 (unclean_election) unclean\n");
}

TEST_CASE("a controlled stop leaves the ISRs as fencing does, but the broker lives on") {
    ImageTable table;
    Records records;
    begin_controlled_shutdown(table.image, MachineId(0), records);
    CHECK(table.take(records) ==
          "stopping 1\norders/0 leader=2 epoch=1 isr=2,3 (controlled_shutdown)\n");
    CHECK_FALSE(table.image.broker(MachineId(0)).fenced);
    CHECK_FALSE(table.image.broker(MachineId(0)).active());
}

TEST_CASE("a new incarnation first takes the old one out of its ISRs") {
    ImageTable table(2);
    Records records;
    register_broker(table.image, MachineId(0), 2, false, 100, records);
    CHECK(table.take(records) == "orders/0 leader=2 epoch=1 isr=2,3 (registered)\n"
                                 "orders/1 leader=2 epoch=1 isr=2,3 (registered)\n"
                                 "register 1 as 102\n"); // Its epoch is where the record stands.
    CHECK(table.image.broker(MachineId(0)).fenced);
}

TEST_CASE("3.9: a new incarnation is registered, and nothing else") {
    ImageTable table = ImageTable::of(Release::v3_9);
    Records records;
    register_broker(table.image, MachineId(0), 2, false, 100, records);
    CHECK(table.take(records) == "register 1 as 100\n");
}

TEST_CASE("who leaves an ISR that is below its minimum stays eligible, the last member too") {
    ImageTable table = ImageTable::with_elr(2);
    CHECK(fence(table, 2) == "orders/0 leader=1 epoch=0 isr=1,2 (fenced)\nfence 3\n");
    CHECK(fence(table, 1) == "orders/0 leader=1 epoch=0 isr=1 elr=2 (fenced)\nfence 2\n");
    CHECK(fence(table, 0) == "orders/0 leader=none epoch=1 isr= elr=1,2 (fenced)\nfence 1\n");
    CHECK(table.image.partition(PartitionId(0)).last_known_elr == BrokerList{0});
    CHECK(unfence(table, 2) == "unfence 3\n"); // In the ISR before there were eligible ones.
    CHECK(unfence(table, 1) == "unfence 2\norders/0 leader=2 epoch=2 isr=2 elr=1 (unfenced)\n");
    CHECK(table.image.partition(PartitionId(0)).last_known_elr.empty());
}

TEST_CASE("an incarnation that did not end cleanly is not eligible any more") {
    ImageTable table = ImageTable::with_elr(2);
    fence(table, 2);
    fence(table, 1);
    fence(table, 0);
    Records records;
    register_broker(table.image, MachineId(1), 2, true, 100, records);
    CHECK(table.take(records) == "register 2 as 100\n"); // It ended cleanly: nothing is lost.
    register_broker(table.image, MachineId(0), 2, false, 200, records);
    CHECK(table.take(records) ==
          "orders/0 leader=none epoch=1 isr= elr=2 (registered)\nregister 1 as 201\n");
    register_broker(table.image, MachineId(1), 3, false, 300, records);
    CHECK(table.take(records) ==
          "orders/0 leader=none epoch=1 isr= (registered)\nregister 2 as 301\n");
    CHECK(unfence(table, 1) == "unfence 2\n"); // Not the one that led last.
    CHECK(unfence(table, 0) == "unfence 1\norders/0 leader=1 epoch=2 isr=1 (unfenced) unclean\n");
}

TEST_CASE("an unclean end takes a broker out of an ISR as its last member, unfenced or not") {
    ImageTable table = ImageTable::with_elr(2);
    table.set(0, partition({0}, 0));
    Records records;
    register_broker(table.image, MachineId(0), 2, false, 100, records);
    CHECK(table.take(records) ==
          "orders/0 leader=none epoch=1 isr= (registered)\nregister 1 as 101\n");
}

TEST_CASE("a leader that is moved by hand keeps the eligible replicas") {
    ImageTable table = ImageTable::with_elr(3);
    PartitionState state = partition({0, 1}, 0);
    state.elr = {2};
    table.set(0, state);
    Records records;
    move_leader(table.image, PartitionId(0), MachineId(1), records);
    CHECK(table.take(records) == "orders/0 leader=1 epoch=0 isr=1,2 elr=3 (reassignment)\n"
                                 "orders/0 leader=2 epoch=1 isr=1,2 elr=3 (preferred_election)\n");
}

TEST_CASE("preferred elections need the preferred replica active and in the ISR") {
    ImageTable table(3);
    table.set(0, partition({0, 1, 2}, 1));
    table.set(1, partition({1, 2}, 1));    // Not in the ISR.
    table.set(2, partition({0, 1, 2}, 0)); // Leads already.
    Records records;
    CHECK_FALSE(elect_preferred(table.image, 1000, records));
    CHECK(table.take(records) == "orders/0 leader=1 epoch=1 isr=1,2,3 (preferred_election)\n");
    table.set(0, partition({0, 1, 2}, 1));
    table.mark(Kind::controlled_shutdown, 0);
    CHECK_FALSE(elect_preferred(table.image, 1000, records));
    CHECK(table.take(records).empty());
}

TEST_CASE("a run of preferred elections ends after so many changes and says that there is more") {
    ImageTable table(5);
    for (std::int32_t k = 0; k < 5; ++k)
        table.set(k, partition({0, 1, 2}, 1));
    Records records;
    CHECK(elect_preferred(table.image, 3, records));
    CHECK(records.size() == 3);
    table.take(records);
    CHECK_FALSE(elect_preferred(table.image, 3, records));
    CHECK(records.size() == 2);
}

TEST_CASE("a reassignment: who comes, who goes, and when it is complete") {
    Records records;
    ImageTable table;
    reassign(table.image, PartitionId(0), {3, 2}, records);
    CHECK(records.at(0).replicas ==
          std::vector<MachineId>{MachineId(3), MachineId(2), MachineId(0), MachineId(1)});
    CHECK(table.take(records) ==
          "orders/0 leader=1 epoch=0 isr=1,2,3 (reassignment) adding 4 removing 1,2\n");
    // An ISR without the whole target does not complete it.
    AlterPartitionRequest request;
    AlterPartitionRequest::Part part;
    const auto ask = [&](std::vector<std::int32_t> isr, PartitionEpoch epoch) {
        request.isr.clear();
        for (const std::int32_t member : isr)
            request.isr.push_back({MachineId(member), -1});
        part.tp = PartitionId(0);
        part.leader_epoch = 0;
        part.partition_epoch = epoch;
        part.isr_end = static_cast<std::uint32_t>(isr.size());
        return alter_partition(table.image, MachineId(0), request, part, records);
    };
    CHECK(ask({0, 2}, 1) == Error::none);
    CHECK(table.take(records) ==
          "orders/0 leader=1 epoch=0 isr=1,3 (isr_change) adding 4 removing 1,2\n");
    // The last of them does, and takes the sender out.
    CHECK(ask({0, 2, 3}, 2) == Error::new_leader_elected);
    CHECK(table.take(records) == "orders/0 leader=4 epoch=1 isr=3,4 (isr_change)\n");
}

TEST_CASE("a reassignment: without anybody new it is over at once, with another order too") {
    Records records;
    ImageTable table;
    reassign(table.image, PartitionId(0), {0, 1}, records);
    CHECK(table.take(records) == "orders/0 leader=1 epoch=1 isr=1,2 (reassignment)\n");
    reassign(table.image, PartitionId(0), {1, 0}, records);
    CHECK(table.take(records) == "orders/0 leader=1 epoch=1 isr=1,2 (reassignment)\n");
    CHECK(table.image.partition(PartitionId(0)).replicas == BrokerList{1, 0});
    reassign(table.image, PartitionId(0), {1, 0}, records);
    CHECK(records.empty());
}

TEST_CASE("a reassignment that is cancelled goes back; where nobody would be left it may not") {
    Records records;
    ImageTable table;
    reassign(table.image, PartitionId(0), {}, records);
    CHECK(records.empty());
    reassign(table.image, PartitionId(0), {3, 1, 2}, records);
    table.take(records);
    reassign(table.image, PartitionId(0), {}, records);
    CHECK(table.take(records) == "orders/0 leader=1 epoch=1 isr=1,2,3 (reassignment)\n");
    CHECK(table.image.partition(PartitionId(0)).replicas == BrokerList{1, 2, 0});
    PartitionState state = partition({3}, 3);
    state.replicas = {3, 0, 1, 2};
    state.adding = {3};
    table.set(0, state);
    reassign(table.image, PartitionId(0), {}, records);
    CHECK(records.empty());
}

TEST_CASE("a reassignment to a broker that is not registered is refused") {
    Records records;
    ImageTable table;
    reassign(table.image, PartitionId(0), {0, 3}, records);
    CHECK(records.size() == 1);
    records.clear();
    const ClusterImage fresh(std::make_shared<const Layout>(table.image.layout()));
    reassign(fresh, PartitionId(0), {0, 3}, records);
    CHECK(records.empty());
}

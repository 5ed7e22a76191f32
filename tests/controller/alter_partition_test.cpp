// What a leader may ask of the controller: the checks of AlterPartition, first failing rule first.
#include "image_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

using namespace brokersim;
using test::ImageTable;

namespace {

/// A request of the leader b1 at leader epoch 5, partition epoch 9, that would shrink the ISR to
/// b1, b2; each rule can be broken by itself.
// Built element by element: GCC 12 at -O1 takes the list of an initialiser for uninitialised.
std::vector<AlterPartitionRequest::Member> first_two() {
    std::vector<AlterPartitionRequest::Member> members;
    members.push_back({MachineId(0), 1});
    members.push_back({MachineId(1), 2});
    return members;
}

struct Asked {
    std::int32_t sender = 0;
    LeaderEpoch leader_epoch = 5;
    PartitionEpoch partition_epoch = 9;
    bool recovering = false;
    std::vector<AlterPartitionRequest::Member> isr = first_two();
};

PartitionState before() {
    PartitionState state;
    state.replicas = {0, 1, 2};
    state.isr = {0, 1, 2};
    state.leader = 0;
    state.leader_epoch = 5;
    state.partition_epoch = 9;
    return state;
}

Error ask(const ImageTable& table, const Asked& asked, Records& records,
          std::int32_t partition = 0) {
    AlterPartitionRequest request;
    request.broker = MachineId(asked.sender);
    request.isr = asked.isr;
    AlterPartitionRequest::Part part;
    part.tp = PartitionId(partition);
    part.leader_epoch = asked.leader_epoch;
    part.partition_epoch = asked.partition_epoch;
    part.recovering = asked.recovering;
    part.isr_end = static_cast<std::uint32_t>(asked.isr.size());
    return alter_partition(table.image, MachineId(asked.sender), request, part, records);
}

} // namespace

TEST_CASE("a good request changes the ISR and the partition epoch, not the leader epoch") {
    ImageTable table;
    table.set(0, before());
    Records records;
    CHECK(ask(table, {}, records) == Error::none);
    CHECK(table.take(records) == "orders/0 leader=1 epoch=5 isr=1,2 (isr_change)\n");
    CHECK(table.image.partition(PartitionId(0)).partition_epoch == 10);
}

TEST_CASE("a request that changes nothing is granted without a record") {
    ImageTable table;
    table.set(0, before());
    Records records;
    Asked same;
    same.isr.push_back({MachineId(2), 3});
    CHECK(ask(table, same, records) == Error::none);
    CHECK(records.empty());
}

TEST_CASE("the first rule that fails decides: every pair of broken rules") {
    // In the order of the checks; each breaks one rule.
    struct Rule {
        Error error;
        void (*break_it)(Asked&, ImageTable&);
    };
    const Rule rules[] = {
        {Error::not_controller, [](Asked& a, ImageTable&) { a.partition_epoch = 10; }},
        {Error::fenced_leader_epoch, [](Asked& a, ImageTable&) { a.leader_epoch = 4; }},
        {Error::invalid_request, [](Asked& a, ImageTable&) { a.sender = 1; }},
        {Error::invalid_update_version,
         [](Asked& a, ImageTable&) { a.partition_epoch = std::min(a.partition_epoch, 8); }},
        {Error::invalid_request,
         [](Asked& a, ImageTable&) {
             a.isr.push_back({MachineId(3), 4});
         }}, // No replica.
        {Error::ineligible_replica,
         [](Asked&, ImageTable& t) { t.mark(MetadataRecord::Kind::fence_broker, 1); }},
    };
    for (std::size_t first = 0; first < std::size(rules); ++first) {
        for (std::size_t second = first; second < std::size(rules); ++second) {
            if (first == 0 && second == 3) continue; // An epoch is not both newer and older.
            ImageTable table;
            table.set(0, before());
            Asked asked;
            rules[first].break_it(asked, table);
            rules[second].break_it(asked, table);
            Records records;
            CAPTURE(first);
            CAPTURE(second);
            CHECK(ask(table, asked, records) == rules[first].error);
            CHECK(records.empty());
        }
    }
}

TEST_CASE("a partition that the controller does not know comes before all epochs") {
    ImageTable table;
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::partition_change;
    record.tp = PartitionId(0);
    record.leader = MachineId(0);
    record.replicas = {MachineId(0)};
    ClusterImage blank(std::make_shared<const Layout>(table.image.layout()));
    AlterPartitionRequest request;
    AlterPartitionRequest::Part part;
    part.tp = PartitionId(0);
    part.leader_epoch = 99;
    Records records;
    CHECK(alter_partition(blank, MachineId(0), request, part, records) ==
          Error::unknown_topic_or_partition);
    blank.apply(record);
    CHECK(alter_partition(blank, MachineId(0), request, part, records) == Error::not_controller);
}

TEST_CASE("an ISR is a set of replicas with its leader in it") {
    ImageTable table;
    table.set(0, before());
    Records records;
    Asked twice;
    twice.isr = {{MachineId(0), 1}, {MachineId(1), 2}, {MachineId(1), 2}};
    CHECK(ask(table, twice, records) == Error::invalid_request);
    Asked without;
    without.isr = {{MachineId(1), 2}};
    CHECK(ask(table, without, records) == Error::invalid_request);
    Asked nobody;
    nobody.isr = {};
    CHECK(ask(table, nobody, records) == Error::invalid_request);
}

TEST_CASE("members must be active, and of the incarnation that the leader means") {
    Records records;
    for (const auto kind :
         {MetadataRecord::Kind::fence_broker, MetadataRecord::Kind::controlled_shutdown}) {
        ImageTable table;
        table.set(0, before());
        table.mark(kind, 1);
        CHECK(ask(table, {}, records) == Error::ineligible_replica);
    }
    ImageTable table;
    table.set(0, before());
    Asked former;
    former.isr[1].epoch = 1; // b2 has the broker epoch 2.
    CHECK(ask(table, former, records) == Error::ineligible_replica);
    former.isr[1].epoch = -1; // Not checked.
    CHECK(ask(table, former, records) == Error::none);
}

TEST_CASE("a recovering partition reports back with its leader alone, once") {
    ImageTable table;
    PartitionState state = before();
    state.isr = {0};
    state.recovering = true;
    table.set(0, state);
    Records records;
    Asked both;
    both.recovering = true;
    CHECK(ask(table, both, records) == Error::invalid_request);
    Asked recovered;
    recovered.isr = {{MachineId(0), 1}};
    CHECK(ask(table, recovered, records) == Error::none);
    table.take(records);
    CHECK_FALSE(table.image.partition(PartitionId(0)).recovering);
    Asked again = recovered;
    again.recovering = true;
    again.partition_epoch = 10;
    CHECK(ask(table, again, records) == Error::invalid_request);
}

// How a consumer commits, stays in its group, and closes.
#include "consumer_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("automatic commits take the positions as of entry into poll") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_records = 1;
    spec.processing = Distribution::constant(seconds(3));
    ConsumerTable t(spec);
    t.append(0, 10);
    t.run_ms(7000);
    // Polls at 0, 3 and 6 s: the interval of 5 s has passed at the third, which finds two returned.
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 2);
    CHECK(t.h.actor.position(PartitionId(0)) == 3);
}

TEST_CASE("after_processing commits what the poll returned, when it has been processed") {
    ConsumerGroupSpec spec = billing_spec();
    spec.commit = CommitMode::after_processing;
    spec.config.max_poll_records = 2;
    spec.processing = Distribution::constant(milliseconds(10));
    ConsumerTable t(spec);
    t.append(0, 4);
    t.run_ms(41);
    CHECK(t.commits.empty());
    t.run_ms(43);
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 2);
    // commitSync() comes back 2 ms later, then the next two are read.
    t.run_ms(100);
    const std::string told = t.h.take("cons.read");
    CHECK(told.find("44 cons.read g=billing gen=1 mem=m1 tp=orders/0 from=2 to=4") !=
          std::string::npos);
}

TEST_CASE("before_processing shows nothing that is not committed") {
    ConsumerGroupSpec spec = billing_spec();
    spec.commit = CommitMode::before_processing;
    ConsumerTable t(spec);
    t.answers_commits = false;
    t.append(0, 4);
    t.run_ms(1000);
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 4);
    CHECK(t.h.take("cons.done").empty());
    CHECK_FALSE(t.h.actor.idle());
}

TEST_CASE("a refused commit before processing drops the records") {
    ConsumerGroupSpec spec = billing_spec();
    spec.commit = CommitMode::before_processing;
    ConsumerTable t(spec);
    t.commit = Error::illegal_generation;
    t.append(0, 4);
    t.run_ms(24);
    CHECK(t.h.take("cons.done").empty());
    t.commit = Error::none;
    t.run_ms(800); // ListOffsets waits behind the long poll on its connection.
    // The next generation reads them again and sees them.
    CHECK(t.h.take("cons.done").find("off=0 attempt=1 outcome=ok to=4") != std::string::npos);
    CHECK(t.generation == 2);
}

TEST_CASE("a commit that meets no coordinator is tried again") {
    ConsumerGroupSpec spec = billing_spec();
    spec.commit = CommitMode::after_processing;
    ConsumerTable t(spec);
    t.commit = Error::not_coordinator;
    t.append(0, 4);
    t.run_ms(100);
    CHECK(t.commits.size() == 1);
    t.commit = Error::none;
    t.run_ms(800); // FindCoordinator waits behind the long poll of the only connection.
    CHECK(t.commits.size() == 2);
    CHECK(t.log(0).committed == 4);
    CHECK(t.generation == 1);
}

TEST_CASE("heartbeats leave every 3 s, beside the application") {
    ConsumerGroupSpec spec = billing_spec();
    spec.processing = Distribution::constant(seconds(20));
    ConsumerTable t(spec);
    t.append(0, 1);
    t.run_ms(60);
    t.asked.clear();
    t.run_ms(10000);
    CHECK(joined(t.asked) == "3014 Heartbeat\n6014 Heartbeat\n9014 Heartbeat\n");
}

TEST_CASE("a rebalance is joined at the next poll, after a commit of what was returned") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_records = 2;
    spec.processing = Distribution::constant(milliseconds(500));
    ConsumerTable t(spec);
    t.append(0, 20);
    t.run_ms(2900);
    t.asked.clear();
    t.h.take("");
    t.heartbeat = Error::rebalance_in_progress;
    t.run_ms(3500); // The heartbeat at 3014 tells; what the last poll returned ends at 3022.
    CHECK(joined(t.asked).find("3014 Heartbeat\n3022 OffsetCommit\n3024 JoinGroup\n") == 0);
    CHECK(t.generation == 2);
    const std::string told = t.h.take("cons.");
    CHECK(told.find("3024 cons.wait g=billing mem=m1 tp=orders/0") != std::string::npos);
    // Eager: it begins again where it committed.
    CHECK(told.find("gen=2 mem=m1 tp=orders/0 pos=6 why=committed") != std::string::npos);
}

TEST_CASE("nothing is read between the last commit and the next generation") {
    ConsumerTable t;
    t.run_ms(2900);
    t.heartbeat = Error::rebalance_in_progress;
    t.answers_commits = false;
    t.run_ms(3500);
    t.h.take("");
    t.append(0, 5);
    t.run_ms(6000);
    CHECK(t.h.take("cons.read").empty());
}

TEST_CASE("a member that was thrown out loses its partitions and joins as a new one") {
    ConsumerTable t;
    t.append(0, 5);
    t.run_ms(2900);
    t.asked.clear();
    t.heartbeat = Error::unknown_member_id;
    t.run_ms(3100);
    std::string apis;
    for (const std::string& line : t.asked) {
        apis += line.substr(line.find(' ') + 1) + " ";
    }
    CHECK(apis == "Heartbeat JoinGroup JoinGroup SyncGroup OffsetFetch ListOffsets ");
    CHECK(t.commits.empty());
}

TEST_CASE("an application that does not poll for max.poll.interval.ms leaves") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_interval = seconds(10);
    spec.processing = Distribution::constant(seconds(15));
    ConsumerTable t(spec);
    t.append(0, 1);
    t.run_ms(14000);
    CHECK(t.asked.back() == "10114 LeaveGroup");
    t.run_ms(16000);
    CHECK(t.generation == 2); // Its next poll joins again.
}

TEST_CASE("a coordinator that answers nothing for session.timeout.ms is looked up again") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.session_timeout = seconds(6);
    spec.config.heartbeat_interval = seconds(2);
    ConsumerTable t(spec);
    t.run_ms(1000);
    t.answers_heartbeats = false;
    t.asked.clear();
    t.coordinator = MachineId(1);
    t.run_ms(7000);
    CHECK(joined(t.asked).find("FindCoordinator") != std::string::npos);
    CHECK(t.generation == 1);
}

TEST_CASE("a lost coordinator is looked for while records go on") {
    ConsumerTable t;
    t.log(0).leader = MachineId(1);
    t.run_ms(1000);
    t.coordinator = MachineId(1);
    t.kill(MachineId(0));
    t.append(0, 3);
    t.run_ms(1400);
    CHECK(t.h.take("cons.read").find("from=0 to=3") != std::string::npos);
    CHECK(t.generation == 1);
    t.asked.clear();
    t.run_ms(8000);
    CHECK(joined(t.asked).find("Heartbeat") != std::string::npos);
}

TEST_CASE("a lost leader: the fetch waits, and is served when there is another") {
    ConsumerTable t;
    t.coordinator = MachineId(1);
    t.append(0, 2);
    t.run_ms(1000);
    t.h.take("");
    t.kill(MachineId(0));
    t.run_ms(3000);
    const std::string waits = t.h.take("cons.wait");
    CHECK(waits.find("1000 cons.wait g=billing mem=m1 tp=orders/0") != std::string::npos);
    t.log(0).leader = MachineId(1);
    t.log(0).epoch = 1;
    t.append(0, 2);
    t.run_ms(5000);
    const std::string told = t.h.take("cons.");
    CHECK(told.find("cons.served g=billing mem=m1 tp=orders/0") != std::string::npos);
    CHECK(told.find("from=2 to=4") != std::string::npos);
}

TEST_CASE("closing commits, leaves and ends") {
    ConsumerTable t;
    t.append(0, 7);
    t.run_ms(1000);
    t.asked.clear();
    t.h.stop();
    t.run_ms(1100);
    CHECK(joined(t.asked) == "1000 OffsetCommit\n1002 LeaveGroup\n");
    CHECK(t.log(0).committed == 7);
    CHECK(t.h.exited);
}

TEST_CASE("a static member closes without a word to the group") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.group_instance_id = "till";
    ConsumerTable t(spec);
    t.append(0, 7);
    t.run_ms(1000);
    t.asked.clear();
    t.h.stop();
    t.run_ms(1100);
    CHECK(joined(t.asked) == "1000 OffsetCommit\n");
    CHECK(t.h.exited);
}

TEST_CASE("stop waits for the records in hand") {
    ConsumerGroupSpec spec = billing_spec();
    spec.processing = Distribution::constant(milliseconds(100));
    ConsumerTable t(spec);
    t.append(0, 5);
    t.run_ms(100);
    t.h.stop();
    t.run_ms(400);
    CHECK_FALSE(t.h.exited);
    t.run_ms(600);
    CHECK(t.h.exited);
    CHECK(t.log(0).committed == 5);
}

TEST_CASE("a killed process begins anew: what it had read and not committed it reads again") {
    ConsumerTable t;
    t.append(0, 5);
    t.run_ms(1000);
    t.h.crash();
    CHECK(t.h.actor.idle());
    t.h.take("");
    t.open.clear();
    t.h.start();
    t.run_ms(1100);
    const std::string told = t.h.take("cons.");
    CHECK(told.find("gen=2 mem=m1 tp=orders/0 pos=0 why=earliest") != std::string::npos);
    CHECK(told.find("from=0 to=5") != std::string::npos);
}

// How windows without service are explained, in told histories.
#include "observe/watched_windows.hpp"

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("phases: a leader dies, and each step ends a phase") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.fence(9000, 9025, b1);
    watched.story->part(b2, 1, {b2, b3});
    watched.story->at(9250).note(MetaSeen{b3, orders0, b2, 1, PartitionEpoch{1}});
    watched.story->at(9300).acts(b2, 1);
    watched.story->at(9700).note(Watched::client_sees(b2, 1));
    watched.story->at(9720).ack(1, 1, 1);
    CHECK(watched.told().empty()); // the ISR is not full yet
    watched.story->at(20'000);
    watched.ends(FaultAction::crash, b1);
    watched.story->note(NodeUp{b1, 2}).at(25'000).part(b2, 1, {b2, b3, b1});
    CHECK(watched.told() == "produce 1010..9720, power, b1, undetected 7990, detected 25, "
                            "propagating 275, clients_stale 400, recovering 20, "
                            "under_replicated 15280\n");
    CHECK(watched.bound(0, 0) == "broker.session.timeout.ms 9 s");
    CHECK(watched.bound(0, 1) == "controller.quorum.append.linger.ms 25 ms");
    CHECK(watched.bound(0, 3) == "metadata.max.idle.interval.ms 500 ms");
    CHECK(watched.bound(0, 4) == "retry.backoff.max.ms 1 s");
    CHECK(watched.bound(0, 5) == "replica.fetch.backoff.ms");
}

TEST_CASE("phases: a silent leader costs its clients their request time-out") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::power_loss, b1);
    watched.story->note(NodeDown{b1, 1, DownHow::power});
    watched.fence(9000, 9025, b1);
    watched.story->part(b2, 1, {b2, b3}).at(9300).acts(b2, 1);
    watched.story->at(31'100).note(Watched::client_sees(b2, 1)).at(31'120).ack(1, 1, 1).end(32'000);
    CHECK(watched.told() == "produce 1010..31120, power, b1, undetected 7990, detected 25, "
                            "propagating 275, clients_stale 21800, recovering 20, "
                            "under_replicated 880\n");
    CHECK(watched.bound(0, 4) == "request.timeout.ms 30 s");
}

TEST_CASE("phases: a process whose disk is lost resets its connections") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::lose_disk, b1);
    watched.story->note(NodeDown{b1, 1, DownHow::disk});
    watched.fence(9000, 9025, b1);
    watched.story->part(b2, 1, {b2, b3}).at(9300).acts(b2, 1);
    watched.story->at(9800).note(Watched::client_sees(b2, 1)).at(9820).ack(1, 1, 1).end(10'000);
    CHECK(watched.told() == "produce 1010..9820, power, b1, undetected 7990, detected 25, "
                            "propagating 275, clients_stale 500, recovering 20, "
                            "under_replicated 180\n");
    CHECK(watched.bound(0, 4) == "retry.backoff.max.ms 1 s");
}

TEST_CASE("phases: a follower dies, and no client has to learn anything") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b3);
    watched.fence(9000, 9025, b3);
    watched.story->part(b1, 0, {b1, b2});
    watched.story->at(9300).acts(b1, 0).at(9301).ack(1, 1, 1).end(10'000);
    CHECK(watched.told() == "produce 1010..9301, power, b3, undetected 7990, detected 25, "
                            "propagating 275, recovering 1, under_replicated 699\n");
}

TEST_CASE("phases: with acks=1 a dead follower explains nothing") {
    Watched watched("1");
    watched.story->at(1020);
    watched.crash(b3);
    watched.fence(9000, 9025, b3);
    watched.story->part(b1, 0, {b1, b2}).at(9300).acts(b1, 0).at(9301).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..9301, null\n");
}

TEST_CASE("phases: without the controller's timer a session is found out when it is fenced") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.story->at(9025).note(CtlBroker{b1, BrokerState::fenced, 1, "session_timeout"});
    watched.story->part(b2, 1, {b2, b3}).acts(b2, 1).note(Watched::client_sees(b2, 1));
    watched.story->at(9100).ack(1, 1, 1).end(9100);
    CHECK(watched.told() == "produce 1010..9100, power, b1, undetected 8015, recovering 75\n");
}

TEST_CASE("phases: sessions are fenced in the order in which they were found") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.story->note(NodeDown{b3, 1, DownHow::kill});
    watched.story->at(9000).note(TimerFire{b2, "fence_stale_broker"});
    watched.story->at(9010).note(TimerFire{b2, "fence_stale_broker"});
    watched.story->at(9025).note(CtlBroker{b3, BrokerState::fenced, 1, "session_timeout"});
    watched.story->part(b1, 0, {b1, b2});
    watched.story->at(9035).note(CtlBroker{b1, BrokerState::fenced, 1, "session_timeout"});
    watched.story->part(b2, 1, {b2}).end(9100);
    CHECK(watched.told() == "metadata 9035..9100, power, b1, electing 65\n"
                            "produce 1010..9100, power, b1, undetected 8000, detected 25, "
                            "electing 65\n");
}

TEST_CASE("phases: what a former controller found and did not commit is forgotten") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.story->at(9000).note(TimerFire{b3, "fence_stale_broker"});
    watched.story->note(CtlElected{b2, 5});
    watched.fence(18'000, 18'025, b1);
    watched.story->part(b2, 1, {b2, b3}).acts(b2, 1).note(Watched::client_sees(b2, 1));
    watched.story->at(18'030).ack(1, 1, 1).end(18'030);
    CHECK(watched.told() == "produce 1010..18030, power, b1, undetected 16990, detected 25, "
                            "recovering 5\n");
}

TEST_CASE("phases: without another copy, electing lasts until the replica is back") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.fence(9000, 9025, b1);
    watched.story->part({}, 1, {b1}).at(20'000);
    watched.ends(FaultAction::crash, b1);
    watched.story->note(NodeUp{b1, 2}).at(21'000);
    watched.story->note(CtlBroker{b1, BrokerState::registered, 7, ""}).at(21'500);
    watched.story->note(CtlBroker{b1, BrokerState::unfenced, 7, ""}).part(b1, 2, {b1, b2, b3});
    watched.story->at(21'600).acts(b1, 2).at(21'650).note(Watched::client_sees(b1, 2));
    watched.story->at(21'700).ack(1, 1, 1);
    CHECK(watched.told() == "metadata 9025..21500, power, b1, electing 12475\n"
                            "produce 1010..21700, power, b1, undetected 7990, detected 25, "
                            "electing 12475, propagating 100, clients_stale 50, recovering 50\n");
    CHECK(watched.bound(1, 2) == "the return of an in-sync replica");
    CHECK(watched.bound(1, 4) == "retry.backoff.max.ms 1 s");
}

TEST_CASE("phases: below min.insync.replicas, electing lasts until the ISR is large enough") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b3);
    watched.story->note(NodeDown{b2, 1, DownHow::kill});
    watched.fence(9000, 9025, b3);
    watched.story->note(CtlBroker{b2, BrokerState::fenced, 1, "session_timeout"});
    watched.story->part(b1, 0, {b1}).acts(b1, 0);
    watched.story->at(20'000).note(NodeUp{b2, 2});
    watched.story->at(22'000).part(b1, 0, {b1, b2}).at(22'010).acts(b1, 0);
    watched.story->at(22'030).ack(1, 1, 1).end(22'030);
    CHECK(watched.told() == "metadata 9025..22000, b2, electing 12975, under_replicated 30\n"
                            "produce 1010..22030, b2, undetected 8015, electing 12975, "
                            "propagating 10, recovering 20\n");
    CHECK(watched.bound(0, 2) == "min.insync.replicas, until a replica has caught up");
}

TEST_CASE("phases: a trouble that nobody finds out ends with its fault") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::pause, b1);
    watched.story->note(NodePaused{b1, 1}).at(4000);
    watched.ends(FaultAction::pause, b1);
    watched.story->note(NodeResumed{b1, 1}).at(4007).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..4007, power, b1, undetected 2990, recovering 7\n");
    CHECK(watched.bound(0, 0) == "the end of the fault: nobody finds out before");
}

TEST_CASE("phases: a client that is cut off from its leader") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::isolate, p1);
    watched.story->note(NetCut{p1, b1}).note(NetCut{b1, p1}).at(6000);
    watched.ends(FaultAction::isolate, p1);
    watched.story->note(NetHeal{p1, b1}).note(NetHeal{b1, p1}).at(6100).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..6100, power, p1, undetected 4990, recovering 100\n");
}

TEST_CASE("phases: a leader that shrinks the ISR is who finds out") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::cut, b3);
    watched.story->note(NetCut{b3, b1}).at(35'000).part(b1, 0, {b1, b2}).at(35'005).acts(b1, 0);
    watched.story->at(35'006).ack(1, 1, 1).end(36'000);
    CHECK(watched.told() == "produce 1010..35006, power, b3, undetected 33990, propagating 5, "
                            "recovering 1, under_replicated 994\n");
    CHECK(watched.bound(0, 0) == "replica.lag.time.max.ms");
}

TEST_CASE("phases: a controlled shutdown is found out at once") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::stop, b1);
    watched.story->at(1100).note(CtlBroker{b1, BrokerState::stopping, 1, ""});
    watched.story->part(b2, 1, {b2, b3}).at(1400).acts(b2, 1);
    watched.story->at(1420).note(Watched::client_sees(b2, 1)).at(2500).ack(1, 1, 1).end(2500);
    CHECK(watched.told() == "produce 1010..2500, power, b1, undetected 90, propagating 300, "
                            "clients_stale 20, recovering 1080\n");
    CHECK(watched.bound(0, 0) == "at once: it says that it goes");
    CHECK(watched.bound(0, 4) == "at once: NOT_LEADER_OR_FOLLOWER");
}

TEST_CASE("phases: an election without a fault, begun before the window") {
    Watched watched;
    watched.story->at(1000);
    const MachineId all[] = {b1, b2, b3};
    CtlPart part;
    part.tp = orders0;
    part.leader = b2;
    part.epoch = 1;
    part.pepoch = 1;
    part.isr = part.repl = all;
    part.why = PartWhy::preferred_election;
    watched.story->note(part).at(1040).note(MetaSeen{b2, orders0, b2, 1, PartitionEpoch{1}});
    watched.story->at(1050).note(Watched::client_sees(b2, 1)).at(2200).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..2200, propagating 30, clients_stale 10, "
                            "recovering 1150\n");
    CHECK(watched.bound(0, 5) == "replica.fetch.backoff.ms");
}

TEST_CASE("phases: who orders a leader to move is no trouble") {
    Watched watched;
    watched.story->at(1020);
    watched.begins(FaultAction::move_leader, b1);
    const MachineId all[] = {b1, b2, b3};
    CtlPart part;
    part.tp = orders0;
    part.leader = b2;
    part.epoch = 1;
    part.pepoch = 1;
    part.isr = part.repl = all;
    part.why = PartWhy::reassignment;
    watched.story->at(1100).note(part).at(1400).note(
        MetaSeen{b2, orders0, b2, 1, PartitionEpoch{1}});
    watched.story->at(1420).note(Watched::client_sees(b2, 1)).at(2500).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..2500, electing 90, propagating 300, "
                            "clients_stale 20, recovering 1080\n");
}

TEST_CASE("phases: a stall that belongs to no fault and no election has none") {
    Watched watched;
    watched.story->at(4000).ack(1, 1, 1);
    CHECK(watched.told() == "produce 1010..4000, null\n");
}

TEST_CASE("phases: who is served by the old leader has been stale all along") {
    Watched watched("1");
    watched.story->at(1020);
    watched.begins(FaultAction::pause, b1);
    watched.story->note(NodePaused{b1, 1});
    watched.fence(9000, 9025, b1);
    watched.story->part(b2, 1, {b2, b3}).at(9300).acts(b2, 1).at(15'000);
    watched.ends(FaultAction::pause, b1);
    watched.story->note(NodeResumed{b1, 1}).at(15'010).ack(1, 1, 1).end(15'010);
    CHECK(watched.told() == "produce 1010..15010, power, b1, undetected 7990, detected 25, "
                            "propagating 275, clients_stale 5710\n");
}

TEST_CASE("phases: at the end of the run the phase that is going on takes the rest") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b1);
    watched.story->end(5000);
    CHECK(watched.told() == "produce 1010..5000, power, b1, undetected 3990\n");

    Watched leaderless;
    leaderless.story->at(1020);
    leaderless.crash(b1);
    leaderless.fence(9000, 9025, b1);
    leaderless.story->part({}, 1, {b1}).end(30'000);
    CHECK(leaderless.told() ==
          "metadata 9025..30000, power, b1, electing 20975\n"
          "produce 1010..30000, power, b1, undetected 7990, detected 25, electing 20975\n");

    Watched stale;
    stale.story->at(1020);
    stale.crash(b1);
    stale.fence(9000, 9025, b1);
    stale.story->part(b2, 1, {b2, b3}).at(9300).acts(b2, 1).end(9800);
    CHECK(stale.told() == "produce 1010..9800, power, b1, undetected 7990, detected 25, "
                          "propagating 275, clients_stale 500\n");
}

TEST_CASE("phases: windows of one partition and side are told in the order of time") {
    Watched watched;
    watched.story->at(1020);
    watched.crash(b3);
    watched.fence(9000, 9025, b3);
    watched.story->part(b1, 0, {b1, b2}).acts(b1, 0).at(9100).ack(1, 1, 1);
    watched.story->at(12'000).produce(2, 1).at(14'000).ack(2, 1, 2);
    CHECK(watched.told().empty()); // the second is complete and waits for the first
    watched.story->at(20'000).note(NodeUp{b3, 2}).part(b1, 0, {b1, b2, b3});
    CHECK(watched.told() == "produce 1010..9100, power, b3, undetected 7990, detected 25, "
                            "recovering 75, under_replicated 10900\n"
                            "produce 12000..14000, null\n");
    watched.story->at(30'000).produce(3, 1).at(32'000).ack(3, 1, 3);
    CHECK(watched.told() == "produce 30000..32000, null\n"); // at once
}

TEST_CASE("phases: catching up lasts until the lag is what it was") {
    Watched watched;
    const auto appended = [&](Offset base, std::int32_t count) {
        watched.story->append(b1, {0, base, base, count}).append(b2, {0, base, base, count});
    };
    appended(0, 3);
    watched.story->generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 2);
    watched.story->done(g1, 0, 2); // one is left: the old level
    watched.story->at(1020);
    watched.begins(FaultAction::pause, b3);
    watched.story->note(NodePaused{b3, 1}).at(5000);
    watched.ends(FaultAction::pause, b3);
    watched.story->note(NodeResumed{b3, 1});
    appended(3, 10);
    watched.story->at(5010).ack(1, 1, 1);
    watched.story->at(5500).read(g1, 2, 9).done(g1, 2, 9);
    CHECK(watched.told().empty());
    watched.story->at(6010).read(g1, 9, 13).done(g1, 9, 12);
    CHECK(watched.told() == "produce 1010..5010, power, b3, undetected 3990, recovering 10, "
                            "catching_up 1000\n");
}

TEST_CASE("phases: a group finds out that a member has died, and gives its partition away") {
    Watched watched;
    watched.story->ack(1, 1, 1).generation(1, g1).start(g1, 0, StartWhy::earliest).at(5000);
    watched.story->note(NodeDown{g1, 1, DownHow::kill});
    watched.story->at(50'000).note(GroupMember{group, g1, MemberState::evicted, "session_timeout"});
    watched.story->at(52'000).generation(2, g2).at(52'010).start(g2, 0).at(52'020).read(g2, 0, 1);
    CHECK(watched.told() == "consume 5000..52010, g-1, undetected 45000, electing 2000, "
                            "recovering 10\n");
    CHECK(watched.bound(0, 0) == "session.timeout.ms");
}

TEST_CASE("phases: a member that leaves and comes back to a group of its own") {
    Watched watched;
    watched.story->ack(1, 1, 1).generation(1, g1).start(g1, 0, StartWhy::earliest).at(5000);
    watched.begins(FaultAction::stop, g1);
    watched.story->note(GroupMember{group, g1, MemberState::left, "leave"}).generation(2, {});
    watched.story->note(NodeDown{g1, 1, DownHow::clean}).at(60'000);
    watched.ends(FaultAction::stop, g1);
    watched.story->note(NodeUp{g1, 2}).at(60'020).generation(3, g1);
    watched.story->at(60'030).start(g1, 0).read(g1, 0, 1);
    CHECK(watched.told() == "consume 5000..60030, power, g-1, electing 55020, recovering 10\n");
    CHECK(watched.bound(0, 2) == "the return of the member");
}

// Looks at every packet.
#include "observe/network_invariants.hpp"

namespace brokersim {

NetworkInvariants::NetworkInvariants(const RunInfo& info)
    : InvariantObserver({"N1", "N2", "N3", "N4", "N5", "K6"}), info_(info) {}

FactKinds NetworkInvariants::wants() const {
    return {FactKind::net_send, FactKind::net_recv, FactKind::net_drop, FactKind::net_cut,
            FactKind::net_heal, FactKind::node_up,  FactKind::node_down};
}

void NetworkInvariants::on(Time now, Cause, FactRef fact, Verdicts& verdicts) {
    verdicts_ = &verdicts;
    switch (fact.kind) {
    case FactKind::net_send: {
        const NetSend& sent = *fact.as<NetSend>();
        const auto cut = cuts_.find({sent.src, sent.dst});
        UnderWay packet;
        packet.src = sent.src;
        packet.dst = sent.dst;
        packet.conn = sent.conn;
        packet.what = sent.what;
        packet.pushed = sent.api == Api::zookeeper || sent.api == Api::zookeeper_quorum;
        packet.sent = now;
        packet.cut = cut == cuts_.end() ? -1 : cut->second;
        const bool added = under_way_.emplace(sent.id, packet).second;
        check("N1", added, [&] { return "packet " + std::to_string(sent.id) + " is sent twice"; });
        break;
    }
    case FactKind::net_recv: arrived(now, *fact.as<NetRecv>()); break;
    case FactKind::net_drop: {
        const NetDrop& lost = *fact.as<NetDrop>();
        if (lost.why == "cut") look("N3");
        check("N1", under_way_.erase(lost.id) == 1,
              [&] { return "packet " + std::to_string(lost.id) + " is lost and was not sent"; });
        break;
    }
    case FactKind::net_cut: {
        const NetCut& cut = *fact.as<NetCut>();
        cuts_.emplace(Link{cut.src, cut.dst}, cuts_so_far_++);
        break;
    }
    case FactKind::net_heal: {
        const NetHeal& heal = *fact.as<NetHeal>();
        cuts_.erase({heal.src, heal.dst});
        break;
    }
    case FactKind::node_up: incarnation_[fact.as<NodeUp>()->node] = fact.as<NodeUp>()->inc; break;
    case FactKind::node_down: incarnation_.erase(fact.as<NodeDown>()->node); break;
    default: break;
    }
}

void NetworkInvariants::arrived(Time now, const NetRecv& fact) {
    const auto found = under_way_.find(fact.id);
    check("N1", found != under_way_.end(),
          [&] { return "packet " + std::to_string(fact.id) + " arrives and was not sent"; });
    if (found == under_way_.end()) return;
    const UnderWay packet = found->second;
    under_way_.erase(found);
    const auto name = [&] {
        return "packet " + std::to_string(fact.id) + " from " + info_.name(packet.src) + " to " +
               info_.name(packet.dst);
    };
    check("N2", packet.sent <= now, [&] { return name() + " arrives before it was sent"; });
    const auto cut = cuts_.find({packet.src, packet.dst});
    if (cut !=
        cuts_.end()) { // One that was sent before the cut may still be in the port of its receiver.
        check("N3", cut->second != packet.cut, [&] { return name() + " crosses a cut"; });
    }
    const bool data = packet.what == PacketWhat::request || packet.what == PacketWhat::response;
    if (!data) return;
    const auto up = incarnation_.find(packet.dst);
    check("K6", up != incarnation_.end() && up->second == fact.dinc,
          [&] { return name() + " reaches a process that is not there"; });
    std::uint64_t& newest = newest_[{packet.conn, packet.src}];
    check("N4", newest < fact.id, [&] { return name() + " overtakes another"; });
    newest = fact.id;
    if (packet.pushed) return;
    std::int64_t& open = unanswered_[packet.conn];
    if (packet.what == PacketWhat::request) {
        ++open;
        return;
    }
    check("N5", open > 0, [&] { return name() + " answers nothing"; });
    --open;
}

} // namespace brokersim

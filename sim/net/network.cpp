// Links: how long the way is, what it loses, cuts and slowness.
#include "net/network.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

Network::Network(const NetworkSpec& spec, const std::vector<std::string>& machines,
                 std::uint64_t seed)
    : hosts_(machines.size()), machine_names_(machines), zone_of_(machines.size(), -1), spec_(spec),
      seed_(seed) {
    for (Host& host : hosts_)
        host.bandwidth = spec.bandwidth;
    std::int32_t zone = 0;
    for (const auto& [name, members] : spec.zones) {
        for (std::size_t k = 0; k < machines.size(); ++k) {
            if (std::find(members.begin(), members.end(), machines[k]) != members.end()) {
                zone_of_[k] = zone;
            }
        }
        ++zone;
    }
}

/// A machine outside all zones is in no other zone than anybody.
void Network::apply_zones(MachineId from, MachineId to, Distribution& latency, Link& link) const {
    const std::int32_t a = zone_of_[from.index()];
    const std::int32_t b = zone_of_[to.index()];
    if (a < 0 || b < 0 || a == b) return;
    const BetweenZones& between = spec_.between_zones;
    if (between.latency) latency = *between.latency;
    if (between.bandwidth) link.bandwidth = *between.bandwidth;
    if (between.loss) link.loss = *between.loss;
}

std::uint32_t Network::link_between(MachineId from, MachineId to) {
    const auto key = std::pair(from.value, to.value);
    const auto known = link_of_.find(key);
    if (known != link_of_.end()) return known->second;
    const std::string& source = machine_names_[from.index()];
    const std::string& target = machine_names_[to.index()];
    const std::string name = source + ">" + target;
    Distribution latency = spec_.latency;
    Link made{Sampler(latency),
              Stream(seed_, {"link", name}),
              0,
              spec_.loss,
              Stream(seed_, {"loss", name}),
              Stream(seed_, {"slow network", name}),
              Time{},
              0};
    apply_zones(from, to, latency, made);
    if (source == target) { // Two roles of one process: nothing lies between them.
        latency = Distribution::constant({});
        made.loss = {};
    }
    for (const LinkSpec& link : spec_.links) {
        if (link.from != source || link.to != target) continue;
        if (link.latency) latency = *link.latency;
        if (link.bandwidth) made.bandwidth = *link.bandwidth;
        if (link.loss) made.loss = *link.loss;
    }
    made.latency = Sampler(latency);
    links_.push_back(std::move(made));
    const auto index = static_cast<std::uint32_t>(links_.size() - 1);
    link_of_.emplace(key, index);
    return index;
}

/// What faults add to the latency.
Duration Network::slowness_of(Link& link, MachineId from, MachineId to) {
    Duration sum{};
    const std::vector<Slowness>& here = hosts_[from.index()].slow;
    for (const Slowness& s : here) {
        if (s.latency) sum += s.latency->draw(link.slowness);
    }
    for (const Slowness& s : hosts_[to.index()].slow) { // One fault slows a link down once.
        const bool both = std::any_of(here.begin(), here.end(),
                                      [&](const Slowness& other) { return other.by == s.by; });
        if (s.latency && !both) sum += s.latency->draw(link.slowness);
    }
    return sum;
}

/// Is this packet lost on the way? A kernel that resets connections is heard all the same.
bool Network::unlucky(Link& link, const Packet& p) {
    Ratio loss = link.loss;
    if (slowed_ > 0) [[unlikely]] {
        std::uint32_t newest = 0;
        for (const MachineId end : {p.from, p.to}) {
            for (const Slowness& s : hosts_[end.index()].slow) {
                if (!s.loss || s.by < newest) continue;
                newest = s.by;
                loss = *s.loss;
            }
        }
    }
    if (loss.ppb <= 0 || p.type == PacketType::reset) return false;
    return link.losses.chance(static_cast<std::uint64_t>(loss.ppb),
                              static_cast<std::uint64_t>(Ratio::one));
}

void Network::slow_down(MachineId machine, const Slowness& slowness) {
    Host& host = hosts_[machine.index()];
    host.slow.push_back(slowness);
    ++slowed_;
    if (slowness.bandwidth) host.bandwidth = *slowness.bandwidth;
}

void Network::speed_up(MachineId machine, std::uint32_t by) {
    Host& host = hosts_[machine.index()];
    slowed_ -= std::erase_if(host.slow, [by](const Slowness& s) { return s.by == by; });
    host.bandwidth = spec_.bandwidth;
    for (const Slowness& s : host.slow) {
        if (s.bandwidth) host.bandwidth = *s.bandwidth;
    }
}

bool Network::cut(MachineId from, MachineId to) {
    return links_[link_between(from, to)].cuts++ == 0;
}

bool Network::heal(MachineId from, MachineId to) {
    Link& link = links_[link_between(from, to)];
    BS_ASSERT(link.cuts > 0);
    return --link.cuts == 0;
}

bool Network::is_cut(MachineId from, MachineId to) const {
    const auto known = link_of_.find(std::pair(from.value, to.value));
    return known != link_of_.end() && links_[known->second].cuts > 0;
}

} // namespace brokersim

// A voter that follows: it fetches the log, cuts off what its leader does not have, and looks for a
// leader while it hears none.
#include "controller/kraft/raft.hpp"
#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

/// From the leader; while that cannot be reached, from another voter, who may know a newer one.
void Raft::fetch(In in, Effects& out) {
    if (peer(leader_).expected != 0) return;
    if (fetch_from(in, leader_, out)) return;
    const Duration patience = config_.controller_quorum_request_timeout;
    if (client_.connecting(leader_) && in.now < client_.last_attempt(leader_) + patience) {
        wake_ = std::min(wake_, client_.last_attempt(leader_) + patience);
        return;
    }
    ask_around(in, out);
}

/// False: it cannot be asked now.
bool Raft::fetch_from(In in, MachineId node, Effects& out) {
    auto* request = this->request<FetchMetadataRequest>(in, node, out);
    if (request == nullptr) return false;
    request->replica = self_;
    request->voter = true;
    request->epoch = epoch_;
    request->offset = log_.end();
    request->last_epoch = log_.last_epoch();
    request->high_watermark = high_watermark_;
    return true;
}

/// One random voter after the other, a pause apart.
void Raft::ask_around(In in, Effects& out) {
    if (alone()) return;
    if (asked_.valid() && peer(asked_).expected != 0) return;
    if (ask_at_ > in.now) {
        wake_ = std::min(wake_, ask_at_);
        return;
    }
    if (!asked_.valid()) choose_whom_to_ask(in);
    if (!asked_.valid() || !fetch_from(in, asked_, out)) return;
    ask_at_ = in.now + config_.controller_quorum_retry_backoff;
}

/// Nobody who is known not to answer just now.
void Raft::choose_whom_to_ask(In in) {
    std::vector<MachineId> able;
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        const MachineId voter = layout_->controller(k);
        if (voter == self_ || voter == leader_) continue;
        const Time free =
            std::max(peers_[k].ready_at,
                     client_.connectable(voter, in.now) ? Time{} : client_.connectable_at(voter));
        const bool known = client_.ready(voter) || client_.connecting(voter);
        if (known ? peers_[k].ready_at <= in.now : free <= in.now) {
            able.push_back(voter);
        } else {
            wake_ = std::min(wake_, known ? peers_[k].ready_at : free);
        }
    }
    if (able.empty()) return;
    asked_ = able[able.size() == 1 ? 0 : draws_.below(able.size())];
}

void Raft::on_fetched(In in, MachineId from, const FetchMetadataResponse& response, Effects& out) {
    if (from == asked_) asked_ = {};
    if (newer(in, response.epoch, response.leader, out)) return;
    if (role_ != Role::follower || from != leader_ || response.epoch != epoch_ ||
        response.error != Error::none) {
        peer(from).ready_at = in.now + config_.controller_quorum_retry_backoff;
        return;
    }
    timer_ = fetch_timeout(in.now);
    fetched_ = true;
    tries_ = 0;
    if (response.diverging_epoch >= 0) {
        const Offset to = truncation_offset(log_.epochs(), log_.end(),
                                            {response.diverging_epoch, response.diverging_end});
        BS_ASSERT(to >= high_watermark_); // What is committed is in every later leader's log.
        log_.truncate(to);
        return;
    }
    if (response.base != log_.end()) return;
    for (const MetadataRecord& record : response.records)
        log_.append(record);
    high_watermark_ = std::max(high_watermark_, std::min(response.high_watermark, log_.end()));
}

} // namespace brokersim

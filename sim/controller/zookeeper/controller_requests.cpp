// What brokers and operators ask of the controller, and its answers.
#include "controller/zookeeper/kafka_controller.hpp"

#include <utility>

namespace brokersim {

void KafkaController::on_alter_partition(In, const Incoming& incoming, RequestPath& path,
                                         Effects& out) {
    auto asked = std::make_shared<Asked>();
    asked->own = incoming.stage == own_stage;
    asked->ref = path.ref(incoming, out);
    asked->alter = out.body<AlterPartitionRequest>(incoming);
    if (!active_) {
        asked->answer.error = Error::not_controller;
        done_.push_back(std::move(asked));
        return;
    }
    Task task{Task::Kind::alter};
    task.asked = std::move(asked);
    task.cause = out.cause();
    queue(std::move(task));
}

void KafkaController::on_controlled_shutdown(In, const Incoming& incoming, RequestPath& path,
                                             Effects& out) {
    const ControlledShutdownRequest& request = out.body<ControlledShutdownRequest>(incoming);
    auto asked = std::make_shared<Asked>();
    asked->own = incoming.stage == own_stage;
    asked->ref = path.ref(incoming, out);
    asked->broker = request.broker;
    asked->broker_epoch = request.broker_epoch;
    if (!active_) {
        asked->answer.error = Error::not_controller;
        done_.push_back(std::move(asked));
        return;
    }
    Task task{Task::Kind::begin_shutdown};
    task.broker = request.broker;
    task.asked = std::move(asked);
    task.cause = out.cause();
    queue(std::move(task));
}

/// What an operator does: kafka-reassign-partitions with the same replicas in another order, then
/// kafka-leader-election for the preferred one.
void KafkaController::move_leader(PartitionId tp, MachineId to, Effects& out) {
    if (!active_) return;
    Task reorder{Task::Kind::reorder};
    reorder.partitions = {tp};
    reorder.broker = to;
    reorder.why = PartWhy::reassignment;
    reorder.cause = out.cause();
    queue(std::move(reorder));
    Task elect{Task::Kind::elect_leaders};
    elect.partitions = {tp};
    elect.election = ZkElection::preferred;
    elect.why = PartWhy::preferred_election;
    elect.cause = out.cause();
    queue(std::move(elect));
}

void KafkaController::answer(In in, RequestPath& path, Effects& out) {
    const Cause cause = out.cause();
    for (const std::shared_ptr<Asked>& asked : done_) {
        const auto fill = [&](auto& response) {
            response.error = asked->answer.error;
            if constexpr (requires { response.parts; }) {
                response = asked->answer;
            } else {
                response.remaining = asked->remaining;
            }
        };
        const auto give = [&]<class M>() {
            if (asked->own) {
                fill(out.send_to_self<M>());
                return;
            }
            std::uint32_t packet = no_packet;
            fill(path.respond<M>(asked->ref, packet, out));
            path.deliver(in, asked->ref, packet, out);
        };
        if (asked->broker.valid()) {
            give.operator()<ControlledShutdownResponse>();
        } else {
            give.operator()<AlterPartitionResponse>();
        }
    }
    done_.clear();
    out.because(cause);
}

} // namespace brokersim

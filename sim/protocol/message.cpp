// Sizes of messages by kind.
#include "protocol/wire_size.hpp"

namespace brokersim {

namespace {

template <std::size_t... K>
std::int32_t size_of(Messages& messages, const Packet& packet, std::index_sequence<K...>) {
    using Size = std::int32_t (*)(Messages&, const Packet&);
    static constexpr Size sizes[] = {[](Messages& m, const Packet& p) {
        return wire_size(m.body<std::tuple_element_t<K, AllMessages>>(p));
    }...};
    return sizes[packet.kind](messages, packet);
}

} // namespace

std::int32_t wire_size_of(Messages& messages, const Packet& packet) {
    return size_of(messages, packet, std::make_index_sequence<std::tuple_size_v<AllMessages>>());
}

} // namespace brokersim

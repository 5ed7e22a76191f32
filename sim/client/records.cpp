// Runs of equal records: sizes differ only where the offset delta needs one more byte.
#include "client/records.hpp"

#include <algorithm>

namespace brokersim {

Fill fill(RecordShape shape, std::int32_t offset_delta, std::int64_t time_delta, std::int64_t room,
          std::int64_t enough, std::int32_t count) {
    Fill taken;
    while (taken.count < count && taken.bytes < enough) {
        const std::int32_t delta = offset_delta + taken.count;
        const std::int64_t size = record_size(shape, delta, time_delta);
        // The first offset delta whose varint is longer.
        const std::int64_t longer = std::int64_t{1} << (7 * varint_size(delta) - 1);
        const std::int64_t fit = (room - taken.bytes) / size;
        const std::int64_t wanted = (enough - taken.bytes - 1) / size + 1;
        const std::int64_t n =
            std::min({longer - delta, fit, wanted, std::int64_t{count} - taken.count});
        if (n <= 0) break;
        taken.count += static_cast<std::int32_t>(n);
        taken.bytes += n * size;
        if (n == fit) break;
    }
    return taken;
}

} // namespace brokersim

// XXH3-128 over a stream of bytes: the digest of a trace and the fingerprint of a run.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brokersim {

/// A value: a copy goes on from where the original stands.
class Digest {
public:
    Digest();
    void add(std::string_view bytes);
    /// 32 hexadecimal digits of everything added so far, as `xxh128sum` prints them.
    std::string hex() const;

private:
    static constexpr std::size_t state_bytes = 576; // sizeof(XXH3_state_t); checked in the source
    alignas(64) std::byte state_[state_bytes];
};

} // namespace brokersim

// What the application hands to send(): keys, sizes and poison of its records, in their order.
#pragma once

#include "brokersim/scenario.hpp"
#include "engine/distribution.hpp"
#include "engine/random.hpp"
#include "engine/zipf.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace brokersim {

/// The keys of the records in the order in which they are sent. A key is a number; equal numbers
/// are equal keys.
class RecordKeys {
public:
    static constexpr std::int64_t none = -1;

    /// Equal keys in a row.
    struct Run {
        std::int64_t key = none;
        std::int32_t count = 0;
    };

    RecordKeys(const ProducerSpec& spec, std::uint64_t seed,
               std::shared_ptr<const ZipfTable> zipf = nullptr);

    /// Appends the keys of the next `count` records; equal ones are put together where keys go
    /// round in order.
    void take(std::int32_t count, std::vector<Run>& runs);
    /// The key of the next record.
    std::int64_t take_one();
    bool has_keys() const { return spec_.kind != KeySpec::Kind::none; }
    /// The bytes of a key; they live until the next call. Requires key != none.
    std::string_view text(std::int64_t key);

private:
    std::int64_t drawn();
    std::int64_t in_order(std::int64_t position) const;

    KeySpec spec_;
    std::vector<std::int64_t> first_; ///< list: where the same key stands first
    std::shared_ptr<const ZipfTable> zipf_;
    Stream stream_;
    std::int64_t next_ = 0;
    std::array<char, 24> text_{};
};

/// Which records fail when they are processed, in the order of send().
class Poison {
public:
    Poison(const ProducerSpec& spec, std::uint64_t seed, RecordKeys& keys);

    bool none() const { return none_; }
    /// Of the next record: how many attempts of each group fail; RecordMarks::always, or 0.
    std::int64_t take(std::int64_t key);

private:
    PoisonSpec spec_;
    bool none_;
    std::vector<std::int64_t> keys_; ///< ascending
    std::size_t next_at_ = 0;
    std::int64_t position_ = 0;
    Stream stream_;
};

/// Keys, sizes and poison together.
class LoadRecords {
public:
    /// Records in a row that are alike.
    struct Run {
        std::int64_t key = RecordKeys::none;
        std::int64_t fails = 0;
        std::int32_t value_bytes = 0;
        std::int32_t count = 0;
    };

    LoadRecords(const ProducerSpec& spec, std::uint64_t seed,
                std::shared_ptr<const ZipfTable> zipf = nullptr);

    /// Appends the next `count` records.
    void take(std::int32_t count, std::vector<Run>& runs);
    RecordKeys& keys() { return keys_; }
    /// Sizes or poison distinguish records with equal keys: they are sent in their exact order.
    bool in_exact_order() const { return sizes_drawn_ || !poison_.none(); }

private:
    RecordKeys keys_;
    Poison poison_;
    std::int32_t size_;
    bool sizes_drawn_;
    Sampler sizes_;
    Stream stream_;
    std::vector<RecordKeys::Run> key_runs_; ///< scratch
};

} // namespace brokersim

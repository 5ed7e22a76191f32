// Where facts go: a sink that a run tells them to, and their binary form, of which the model
// fingerprint is the digest.
#pragma once

#include "brokersim/facts.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace brokersim {

/// Facts in binary, one after the other: time, kind, values in the order of the table. Fixed
/// widths, little endian on every machine; texts and lists with their length before them, a byte
/// of presence before what may be absent. No names, causes or levels.
class FactBytes {
public:
    template <class F>
    void add(Time now, const F& fact) {
        Writer writer(*this);
        writer.put(now.ns);
        writer.put(static_cast<std::uint8_t>(F::kind));
        writer.fields(fact, std::make_index_sequence<std::tuple_size_v<decltype(F::fields())>>());
        at_ = writer.at;
    }

protected:
    FactBytes() = default;
    FactBytes(const FactBytes&) = default;
    FactBytes& operator=(const FactBytes&) = default;
    ~FactBytes() = default;

    /// Makes `at_` a place for at least `bytes` more.
    virtual void refill(std::size_t bytes) = 0;
    char* at_ = nullptr;
    char* end_ = nullptr;

private:
    /// More than all parts of bounded length of any fact together, or of an item of a list.
    static constexpr std::size_t bounded_bytes = 256;

    /// Counts for itself where it is: bytes may alias anything, so `at_` would be stored and
    /// loaded again with every one of them.
    struct Writer {
        explicit Writer(FactBytes& bytes) : at(bytes.at_), out(bytes) { reserve(bounded_bytes); }

        void reserve(std::size_t bytes) {
            if (static_cast<std::size_t>(out.end_ - at) < bytes) [[unlikely]] {
                out.at_ = at;
                out.refill(bytes);
                at = out.at_;
            }
        }
        template <class F, std::size_t... I>
        void fields(const F& fact, std::index_sequence<I...>) {
            static_assert(sizeof...(I) <= 12, "see bounded_bytes");
            (put(fact.*(std::get<I>(F::fields()).member)), ...);
        }

        template <std::integral N>
        void put(N value) {
            using U = std::make_unsigned_t<std::conditional_t<std::same_as<N, bool>, char, N>>;
            U bits = static_cast<U>(value);
            if constexpr (std::endian::native == std::endian::little) {
                std::memcpy(at, &bits, sizeof bits);
            } else {
                for (std::size_t k = 0; k < sizeof bits; ++k) {
                    at[k] = static_cast<char>(bits & 255);
                    bits = static_cast<U>(bits >> (sizeof(U) > 1 ? 8 : 0));
                }
            }
            at += sizeof bits;
        }
        void put(Time t) { put(t.ns); }
        void put(Duration d) { put(d.ns); }
        void put(std::string_view text) {
            put(static_cast<std::uint32_t>(text.size()));
            reserve(text.size() + bounded_bytes);
            if (!text.empty()) { std::memcpy(at, text.data(), text.size()); }
            at += text.size();
        }
        template <class E>
        requires std::is_enum_v<E>
        void put(E e) { put(static_cast<std::uint8_t>(e)); }
        template <class Tag>
        void put(Id<Tag> id) {
            put(id.value);
        }
        template <class T>
        void put(const std::optional<T>& maybe) {
            put(maybe.has_value());
            if (maybe) { put(*maybe); }
        }
        template <class T>
        void put(const Maybe<T>& maybe) {
            put(maybe.present);
            if (maybe.present) { put(maybe.value); }
        }
        template <class T>
        void put(std::span<const T> list) {
            put(static_cast<std::uint32_t>(list.size()));
            for (const T& item : list) {
                reserve(bounded_bytes);
                put(item);
            }
            reserve(bounded_bytes);
        }
        void put(const MemberAssignment& member) {
            put(member.member);
            put(member.partitions);
        }
        void put(const Phases& p) {
            for (const auto& phase : phase_fields)
                put(p.*phase.member);
        }

        char* at;
        FactBytes& out;
    };
};

/// Receives the facts of a run in the order in which they become true.
class FactSink {
public:
    FactSink() = default;
    FactSink(const FactSink&) = delete;
    FactSink& operator=(const FactSink&) = delete;
    virtual ~FactSink() = default;

    /// `tag`: the cause that the noting code carries. Returns the cause of what follows from this
    /// fact: its own number, or `tag` when the level leaves it out. Spans and texts in `fact` are
    /// valid during the call only.
    virtual Cause note(Time now, Cause tag, FactRef fact) = 0;

    /// What the model calls: note(), but the bytes of the fact are written here, where its type is
    /// known. Of most facts (packets, stations of requests) the sink wants no more than those.
    template <class F>
    Cause tell(Time now, Cause tag, const F& fact) {
        if (bytes_ == nullptr) return note(now, tag, FactRef{F::kind, &fact});
        bytes_->add(now, fact);
        if (bytes_only_.has(F::kind)) return tag;
        return written(now, tag, FactRef{F::kind, &fact});
    }

protected:
    /// From here on tell() writes all facts to `bytes`, which must outlive the sink's last fact,
    /// and hands on to written() all but `kinds`.
    void take_bytes(FactBytes& bytes, FactKinds kinds) {
        bytes_ = &bytes;
        bytes_only_ = kinds;
    }
    /// The rest of note(), for a fact whose bytes have been written.
    virtual Cause written(Time now, Cause tag, FactRef fact) { return note(now, tag, fact); }

private:
    FactKinds bytes_only_;
    FactBytes* bytes_ = nullptr;
};

} // namespace brokersim

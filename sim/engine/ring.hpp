// A first-in-first-out list in one growing buffer: no allocation once it has been as long as it
// will ever be.
#pragma once

#include "engine/assert.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace brokersim {

template <class T>
class Ring {
public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    T& operator[](std::size_t k) { return slots_[wrap(head_ + k)]; }
    const T& operator[](std::size_t k) const { return slots_[wrap(head_ + k)]; }
    T& front() { return (*this)[0]; }
    const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }
    const T& back() const { return (*this)[size_ - 1]; }

    void push_back(T value) {
        if (size_ == slots_.size()) grow();
        slots_[wrap(head_ + size_)] = std::move(value);
        ++size_;
    }
    void push_front(T value) {
        if (size_ == slots_.size()) grow();
        head_ = wrap(head_ + slots_.size() - 1);
        slots_[head_] = std::move(value);
        ++size_;
    }
    /// Puts `value` before element `k`; k = size() appends.
    void insert(std::size_t k, T value) {
        push_back(std::move(value));
        for (std::size_t at = size_ - 1; at > k; --at)
            std::swap((*this)[at], (*this)[at - 1]);
    }
    T pop_front() {
        BS_ASSERT(size_ > 0);
        T value = std::move(slots_[head_]);
        head_ = wrap(head_ + 1);
        --size_;
        return value;
    }
    void pop_back() {
        BS_ASSERT(size_ > 0);
        --size_;
    }
    /// Removes element `k`; the order of the others stays.
    void erase(std::size_t k) {
        for (; k + 1 < size_; ++k)
            (*this)[k] = std::move((*this)[k + 1]);
        --size_;
    }
    void clear() { head_ = size_ = 0; }

private:
    // The capacity is a power of two.
    std::size_t wrap(std::size_t k) const { return k & (slots_.size() - 1); }
    void grow() {
        std::vector<T> larger(slots_.empty() ? 4 : slots_.size() * 2);
        for (std::size_t k = 0; k < size_; ++k)
            larger[k] = std::move((*this)[k]);
        slots_ = std::move(larger);
        head_ = 0;
    }

    std::vector<T> slots_;
    std::size_t head_ = 0, size_ = 0;
};

} // namespace brokersim

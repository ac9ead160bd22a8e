// Work that threads do ahead of whoever consumes it, in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace skipbench {

// To be called by a thread that works beside others: LibTorch's operators called from it stay on it.
void KeepOperatorsOnThisThread();

// load(0), load(1), ..., load(count - 1), made by `threads` threads, at most `depth` of them ahead of Next().
template <class T>
class Prefetcher {
 public:
  Prefetcher(int64_t count, int threads, int64_t depth, std::function<T(int64_t)> load)
      : count_(count), slots_(static_cast<size_t>(std::max<int64_t>(1, depth))), load_(std::move(load)) {
    const int64_t useful = std::min<int64_t>(std::max(1, threads), count);
    for (int64_t k = 0; k < useful; ++k) threads_.emplace_back([this] { Work(); });
  }
  ~Prefetcher() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  bool Done() const { return taken_ == count_; }
  // The next item; what its load() threw is thrown here. Not to be called when Done().
  T Next() {
    std::unique_lock lock(mutex_);
    Slot& slot = SlotOf(taken_);
    ready_.wait(lock, [&] { return slot.value.has_value() || slot.error; });
    ++taken_;
    if (slot.error) std::rethrow_exception(slot.error);
    T value = std::move(*slot.value);
    slot.value.reset();
    lock.unlock();
    room_.notify_all();
    return value;
  }

 private:
  struct Slot {
    std::optional<T> value;
    std::exception_ptr error;
  };
  Slot& SlotOf(int64_t index) { return slots_[static_cast<size_t>(index) % slots_.size()]; }

  void Work() {
    KeepOperatorsOnThisThread();
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [&] { return stop_ || next_ == count_ || next_ < taken_ + std::ssize(slots_); });
      if (stop_ || next_ == count_) return;
      const int64_t index = next_++;
      lock.unlock();
      Slot made;
      try {
        made.value = load_(index);
      } catch (...) {
        made.error = std::current_exception();
      }
      lock.lock();
      SlotOf(index) = std::move(made);
      ready_.notify_all();
    }
  }

  const int64_t count_;
  std::vector<Slot> slots_;
  std::function<T(int64_t)> load_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  int64_t next_ = 0, taken_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace skipbench

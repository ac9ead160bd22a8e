// Work that threads do ahead of whoever consumes it, in order.
#pragma once

#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>

namespace skipbench {

// To be called by a thread that works beside others: LibTorch's operators called from it stay on it.
inline void KeepOperatorsOnThisThread() {
  at::get_num_threads();   // LibTorch sets a thread's number on its first question; ours has to come after it
  omp_set_num_threads(1);  // of this thread only: at::set_num_threads would be for all
}

// load(0), load(1), ..., load(count - 1), made by `threads` threads, at most `depth` of them ahead of Next().
template <class T>
class Prefetcher {
 public:
  Prefetcher(int64_t count, int threads, int64_t depth, std::function<T(int64_t)> load)
      : count_(count), load_(std::move(load)), pool_(static_cast<size_t>(std::max(1, threads))) {
    for (int64_t k = 0; k < std::max<int64_t>(1, depth); ++k) Post();
  }
  ~Prefetcher() {
    pool_.stop();  // what no thread has begun is not waited for
    pool_.join();
  }

  bool Done() const { return ahead_.empty(); }
  // The next item; what its load() threw is thrown here. Not to be called when Done().
  T Next() {
    std::future<T> next = std::move(ahead_.front());
    ahead_.pop_front();
    Post();
    return next.get();
  }

 private:
  void Post() {
    if (next_ == count_) return;
    const auto task = std::make_shared<std::packaged_task<T()>>([this, k = next_++] {
      KeepOperatorsOnThisThread();
      return load_(k);
    });
    ahead_.push_back(task->get_future());
    boost::asio::post(pool_, [task] { (*task)(); });
  }

  const int64_t count_;
  const std::function<T(int64_t)> load_;
  int64_t next_ = 0;
  std::deque<std::future<T>> ahead_;
  boost::asio::thread_pool pool_;
};

}  // namespace skipbench

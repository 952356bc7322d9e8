#include <hocket/exec/process_pool_executor.hpp>

struct point {
  int x = 0;
  int y = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y);
  }
};

int sum(const point& of) { return of.x + of.y; }

int caller(hocket::process_pool_executor& pool) { return pool.submit<sum>(point{1, 2}).result(); }

#include <sstream>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/exports.hpp>
#include <hocket/graph/markup.hpp>

using hocket::graph::link_graph;
using hocket::graph::markup_escaped;
using hocket::testing::crawl_folder;

namespace {

std::string written(void (*write)(std::ostream&, const link_graph&), const crawl_folder& folder) {
  std::ostringstream out;
  write(out, folder.read());
  return out.str();
}

crawl_folder& fill(crawl_folder& folder) {
  folder.page({.url = "http://a/"});
  folder.page({.url = "http://a/old", .final_url = "http://a/", .status = 301, .depth = 1});
  folder.link("http://a/", "http://a/old").link("http://a/", "http://b/?x=\"&lt=\\N");
  return folder;
}

TEST(markup_escaped, leaves_nothing_that_means_something) {
  EXPECT_EQ(markup_escaped("<a href=\"x\" b='&amp;'>\x1b\xff"),
            "&lt;a href=&quot;x&quot; b=&#39;&amp;amp;&#39;&gt;\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(write_dot, has_urls_as_labels_and_redirects_dashed) {
  crawl_folder folder;
  EXPECT_EQ(written(hocket::graph::write_dot, fill(folder)), R"(digraph crawl {
  n0 [label="http://a/"];
  n1 [label="http://a/old"];
  n2 [label="http://b/?x=\"&amp;lt=\\N"];
  n0 -> n1;
  n0 -> n2;
  n1 -> n0 [style=dashed];
}
)");
}

TEST(write_graphml, has_nodes_and_edges_with_what_is_known) {
  crawl_folder folder;
  EXPECT_EQ(written(hocket::graph::write_graphml, fill(folder)), R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="url" for="node" attr.name="url" attr.type="string"/>
  <key id="status" for="node" attr.name="status" attr.type="int"/>
  <key id="depth" for="node" attr.name="depth" attr.type="int"/>
  <key id="kind" for="edge" attr.name="kind" attr.type="string"/>
  <graph id="crawl" edgedefault="directed">
    <node id="n0"><data key="url">http://a/</data><data key="status">200</data><data key="depth">0</data></node>
    <node id="n1"><data key="url">http://a/old</data><data key="status">301</data><data key="depth">1</data></node>
    <node id="n2"><data key="url">http://b/?x=&quot;&amp;lt=\N</data></node>
    <edge source="n0" target="n1"><data key="kind">link</data></edge>
    <edge source="n0" target="n2"><data key="kind">link</data></edge>
    <edge source="n1" target="n0"><data key="kind">redirect</data></edge>
  </graph>
</graphml>
)");
}

TEST(write_edges, has_a_line_for_each_link) {
  crawl_folder folder;
  EXPECT_EQ(written(hocket::graph::write_edges, fill(folder)),
            "http://a/\thttp://a/old\nhttp://a/\thttp://b/?x=\"&lt=\\N\n");
}

TEST(write_csv, has_a_row_for_each_url) {
  crawl_folder folder;
  folder.page({.url = "a", .content_type = "=1+1", .depth = 2, .milliseconds = 3, .bytes = 4});
  folder.page({.url = "b,\\\"", .status = 0, .error = "line\\none"});
  folder.link("a", "a").link("c\xff", "a");
  EXPECT_EQ(written(hocket::graph::write_csv, folder),
            "url,status,content_type,bytes,depth,ms,error,redirect,in_degree,out_degree,page_rank,component\r\n"
            "a,200,'=1+1,4,2,3,,,2,1,0.860465116,0\r\n"
            "\"b,\"\"\",0,text/html,10,0,1,\"line\none\",,0,0,0.0697674419,1\r\n"
            "c\xef\xbf\xbd,,,,,,,,0,1,0.0697674419,2\r\n");
}

}  // namespace

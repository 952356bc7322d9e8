// A crawler of one host on net/http and x/net/html: go_crawler URL FOLDER [CONCURRENCY]. Writes FOLDER/links.tsv.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

type page struct {
	url   string
	links []*url.URL
}

type crawler struct {
	client *http.Client
	todo   chan string
	done   chan page
}

// linksOf returns the distinct http(s) links of a page that is still arriving.
func linksOf(answer *http.Response) []*url.URL {
	var links []*url.URL
	known := map[string]bool{}
	tokens := html.NewTokenizer(answer.Body)
	for {
		switch tokens.Next() {
		case html.ErrorToken: // io.EOF among them
			return links
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttributes := tokens.TagName()
			if tag := string(name); tag != "a" && tag != "area" {
				continue
			}
			for hasAttributes {
				var key, value []byte
				key, value, hasAttributes = tokens.TagAttr()
				if string(key) != "href" {
					continue
				}
				link, err := answer.Request.URL.Parse(strings.TrimSpace(string(value)))
				if err != nil || (link.Scheme != "http" && link.Scheme != "https") || link.Host == "" {
					break
				}
				link.Fragment, link.RawFragment = "", ""
				if text := link.String(); !known[text] {
					known[text] = true
					links = append(links, link)
				}
				break
			}
		}
	}
}

func (c *crawler) fetch(where string) []*url.URL {
	answer, err := c.client.Get(where)
	if err != nil {
		log.Print(err)
		return nil
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	return linksOf(answer)
}

func (c *crawler) work(workers *sync.WaitGroup) {
	defer workers.Done()
	for where := range c.todo {
		c.done <- page{where, c.fetch(where)}
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: go_crawler URL FOLDER [CONCURRENCY]")
	}
	concurrency := 100
	if len(os.Args) > 3 {
		concurrency, _ = strconv.Atoi(os.Args[3])
	}
	start, err := url.Parse(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Create(os.Args[2] + "/links.tsv")
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<16)
	fmt.Fprintln(out, "source_url\tparsed_url")

	c := &crawler{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency, DisableCompression: true}},
		todo:   make(chan string),
		done:   make(chan page),
	}
	var workers sync.WaitGroup
	for n := 0; n < concurrency; n++ {
		workers.Add(1)
		go c.work(&workers)
	}
	seen := map[string]bool{start.String(): true}
	waiting := []string{start.String()}
	for underWay := 0; len(waiting) > 0 || underWay > 0; {
		todo, next := c.todo, ""
		if len(waiting) > 0 {
			next = waiting[0]
		} else {
			todo = nil // never chosen
		}
		select {
		case todo <- next:
			waiting = waiting[1:]
			underWay++
		case found := <-c.done:
			underWay--
			for _, link := range found.links {
				text := link.String()
				out.WriteString(found.url + "\t" + text + "\n")
				if link.Host == start.Host && link.Scheme == start.Scheme && !seen[text] {
					seen[text] = true
					waiting = append(waiting, text)
				}
			}
		}
	}
	close(c.todo)
	workers.Wait()
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

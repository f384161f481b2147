// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/words.h"

#include <gtest/gtest.h>

namespace bulkhead::lang {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<Word> words;
  if (auto r = split_words(line, 0, words); !r) return {"error: " + r.error().message};
  std::vector<std::string> texts;
  for (const Word& word : words) texts.push_back(word.text);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Words, AreSplitAtBlanks) {
  EXPECT_EQ(split("-A INPUT\t -j  ACCEPT "), (Texts{"-A", "INPUT", "-j", "ACCEPT"}));
  EXPECT_EQ(split(""), Texts{});
}

TEST(Words, QuotesKeepBlanksAndEndTheWord) {
  EXPECT_EQ(split(R"(--comment "a b" c)"), (Texts{"--comment", "a b", "c"}));
  EXPECT_EQ(split(R"("a"b)"), (Texts{"a", "b"}));
  EXPECT_EQ(split(R"(a"b c")"), (Texts{"ab c"}));
  EXPECT_EQ(split(R"(x "" y)"), (Texts{"x", "", "y"}));
}

TEST(Words, BackslashCountsOnlyInQuotes) {
  EXPECT_EQ(split(R"("a\"b\\c\d")"), (Texts{R"(a"b\cd)"}));
  EXPECT_EQ(split(R"(a\b)"), (Texts{R"(a\b)"}));
  EXPECT_EQ(split("it's"), (Texts{"it's"}));
}

TEST(Words, RefusesWhatCanNotBeMeant) {
  EXPECT_EQ(split("\"a b"), (Texts{"error: the quote is not closed in its line"}));
  EXPECT_EQ(split("\"a\\"), (Texts{"error: the quote is not closed in its line"}));
  EXPECT_EQ(split(std::string_view("a\0b", 3)), (Texts{"error: a NUL byte in the line"}));
}

TEST(Words, KnowTheirPlaces) {
  std::vector<Word> words;
  ASSERT_TRUE(split_words(R"(-m "a b" c)", 100, words).ok());
  EXPECT_EQ(words[0].span, (Span{100, 102}));
  EXPECT_EQ(words[1].span, (Span{103, 108}));
  EXPECT_EQ(words[2].span, (Span{109, 110}));
}

TEST(Words, OfArgvShowEmptyOnes) {
  char a[] = "-i";
  char b[] = "";
  char c[] = "-j";
  char* argv[] = {a, b, c};
  const CommandLine line = words_of_argv(argv);
  EXPECT_EQ(line.source.text(), R"(-i "" -j)");
  EXPECT_EQ(line.words[1].text, "");
  EXPECT_EQ(line.words[1].span, (Span{3, 5}));
  EXPECT_EQ(line.words[2].span, (Span{6, 8}));
}

}  // namespace
}  // namespace bulkhead::lang

#pragma once
#include <array>
#include <string_view>

namespace retaind::app::demo {

// Words of the invented shop. Everybody and everything is made up; the domains are reserved for
// examples.

struct Name {
  std::string_view shown;  ///< as the customer writes it
  std::string_view latin;  ///< for the address
};
struct Place {
  std::string_view city, country, time_zone, currency;
};
struct Article {
  std::string_view sku, english, japanese;
  int euro_cents;
};
struct Matter {
  std::string_view english, japanese;
};

inline constexpr std::array<Name, 24> english_first{{
    {"Anna", "anna"},     {"Ben", "ben"},     {"Clara", "clara"},   {"David", "david"},
    {"Emma", "emma"},     {"Finn", "finn"},   {"Grace", "grace"},   {"Hugo", "hugo"},
    {"Ida", "ida"},       {"Jack", "jack"},   {"Katie", "katie"},   {"Liam", "liam"},
    {"Maeve", "maeve"},   {"Noah", "noah"},   {"Olivia", "olivia"}, {"Paul", "paul"},
    {"Ruth", "ruth"},     {"Sam", "sam"},     {"Theo", "theo"},     {"Una", "una"},
    {"Victor", "victor"}, {"Wendy", "wendy"}, {"Zoë", "zoe"},       {"Søren", "soren"},
}};
inline constexpr std::array<Name, 22> english_last{{
    {"Adams", "adams"},   {"Becker", "becker"},       {"Clarke", "clarke"},
    {"Dubois", "dubois"}, {"Evans", "evans"},         {"Fischer", "fischer"},
    {"Green", "green"},   {"Hansen", "hansen"},       {"Jones", "jones"},
    {"Keller", "keller"}, {"Lindqvist", "lindqvist"}, {"Müller", "mueller"},
    {"Novák", "novak"},   {"O’Brien", "obrien"},      {"Parker", "parker"},
    {"Rossi", "rossi"},   {"Schmidt", "schmidt"},     {"Taylor", "taylor"},
    {"Visser", "visser"}, {"Walsh", "walsh"},         {"Young", "young"},
    {"Zimmer", "zimmer"},
}};
inline constexpr std::array<Name, 20> japanese_first{{
    {"陽菜", "hina"},     {"蓮", "ren"},      {"結衣", "yui"},      {"大翔", "hiroto"},
    {"さくら", "sakura"}, {"悠真", "yuma"},   {"美咲", "misaki"},   {"健太", "kenta"},
    {"葵", "aoi"},        {"翔太", "shota"},  {"由美子", "yumiko"}, {"直樹", "naoki"},
    {"真理", "mari"},     {"拓也", "takuya"}, {"恵", "megumi"},     {"隆", "takashi"},
    {"千尋", "chihiro"},  {"亮", "ryo"},      {"明日香", "asuka"},  {"誠", "makoto"},
}};
inline constexpr std::array<Name, 20> japanese_last{{
    {"佐藤", "sato"},      {"鈴木", "suzuki"},    {"高橋", "takahashi"}, {"田中", "tanaka"},
    {"伊藤", "ito"},       {"渡辺", "watanabe"},  {"山本", "yamamoto"},  {"中村", "nakamura"},
    {"小林", "kobayashi"}, {"加藤", "kato"},      {"吉田", "yoshida"},   {"山田", "yamada"},
    {"佐々木", "sasaki"},  {"松本", "matsumoto"}, {"井上", "inoue"},     {"木村", "kimura"},
    {"清水", "shimizu"},   {"斎藤", "saito"},     {"森", "mori"},        {"石川", "ishikawa"},
}};
inline constexpr std::array<Place, 7> western_places{{
    {"Berlin", "DE", "Europe/Berlin", "EUR"},
    {"Dublin", "IE", "Europe/Dublin", "EUR"},
    {"Amsterdam", "NL", "Europe/Amsterdam", "EUR"},
    {"Paris", "FR", "Europe/Paris", "EUR"},
    {"Helsinki", "FI", "Europe/Helsinki", "EUR"},
    {"Lisbon", "PT", "Europe/Lisbon", "EUR"},
    {"Vienna", "AT", "Europe/Vienna", "EUR"},
}};
inline constexpr std::array<Place, 5> japanese_places{{
    {"東京", "JP", "Asia/Tokyo", "JPY"},
    {"大阪", "JP", "Asia/Tokyo", "JPY"},
    {"京都", "JP", "Asia/Tokyo", "JPY"},
    {"福岡", "JP", "Asia/Tokyo", "JPY"},
    {"札幌", "JP", "Asia/Tokyo", "JPY"},
}};
inline constexpr std::array<Article, 12> articles{{
    {"TEA-SEN", "Sencha, first flush, 100 g", "一番茶の煎茶 100g", 1490},
    {"TEA-GYO", "Gyokuro, 50 g", "玉露 50g", 2450},
    {"TEA-HOJ", "Hojicha, roasted, 150 g", "ほうじ茶 150g", 990},
    {"TEA-MAT", "Matcha, ceremonial grade, 30 g", "抹茶（お点前用）30g", 2890},
    {"TEA-DAR", "Darjeeling, second flush, 100 g", "ダージリン セカンドフラッシュ 100g", 1690},
    {"POT-IRO", "Cast-iron teapot, 0.6 l", "南部鉄器 急須 0.6L", 8900},
    {"POT-TOK", "Tokoname side-handle teapot", "常滑焼 横手急須", 6400},
    {"CUP-YUN", "Yunomi cup, blue glaze", "湯呑み 青釉", 2200},
    {"CUP-SET", "Set of five cups", "湯呑み五客セット", 9900},
    {"WHI-CHA", "Bamboo whisk", "茶筅", 1850},
    {"CAN-WAS", "Tea caddy, washi paper", "茶筒 和紙張り", 1390},
    {"KET-COP", "Copper kettle, 1.2 l", "銅のやかん 1.2L", 12900},
}};
inline constexpr std::array<Matter, 10> matters{{
    {"Parcel shows delivered but nothing arrived", "配達済みになっていますが届いていません"},
    {"Teapot lid is chipped", "急須の蓋が欠けていました"},
    {"Wrong tea in the box", "注文と違うお茶が入っていました"},
    {"How do I change my delivery address?", "お届け先の変更方法を教えてください"},
    {"Refund for a returned cup set", "返品した湯呑みセットの返金について"},
    {"Invoice with company name", "会社名での領収書をお願いします"},
    {"Kettle leaks at the spout", "やかんの注ぎ口から水が漏れます"},
    {"Coupon is not accepted at checkout", "クーポンコードが使えません"},
    {"Cannot log in to my account", "マイページにログインできません"},
    {"When will gyokuro be back in stock?", "玉露の再入荷はいつですか"},
}};
inline constexpr std::array<Matter, 4> praises{{
    {"Lovely tea and quick delivery.", "香りがよく、届くのも早かったです。"},
    {"The teapot is even nicer than in the pictures.", "写真よりずっと素敵な急須でした。"},
    {"Good as always.", "いつも通り満足です。"},
    {"My parents were delighted with the set.", "両親への贈り物に大変喜ばれました。"},
}};
inline constexpr std::array<Matter, 4> complaints{{
    {"Three weeks late, and nobody answered my mail.",
     "三週間も遅れ、問い合わせにも返事がありませんでした。"},
    {"The cup was broken and badly packed.", "湯呑みが割れていました。梱包が雑です。"},
    {"The tea was stale.", "お茶が古くなっていました。"},
    {"The refund took far too long.", "返金までに時間がかかりすぎました。"},
}};
inline constexpr std::array<std::string_view, 3> agents{"kim@example.com", "tanaka@example.com",
                                                        "lopez@example.com"};

}  // namespace retaind::app::demo

-- What is bought together (insight/bought_together): kept from the change feed, and only while a mail shows it. No row
-- of these tables knows a customer.
CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,   -- the item's sku, else its name
  newest INTEGER              -- of the orders that count, the one placed last: whose name and price are shown
) STRICT;

-- The products of each order as they are in the counts now: what an order that changes has to take back.
CREATE TABLE counted_item (
  "order" INTEGER NOT NULL,
  product INTEGER NOT NULL,
  PRIMARY KEY ("order", product)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_item_product ON counted_item (product, "order");

-- In how many orders two products stand together; each pair from both sides.
CREATE TABLE item_pair (
  product INTEGER NOT NULL,
  other INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  PRIMARY KEY (product, other)
) STRICT, WITHOUT ROWID;

INSERT INTO item BY NAME
  SELECT 200 + n * 2 + draw('item', n, 2) AS id, pick('kind', n, ['BOLT', 'NUT', 'DÉCOR', 'TEA', '½"-PIPE', 'O''RING']) || '-' || lpad(n::VARCHAR, 4, '0') AS itemid,
    pick('itemtype', n, ['InvtPart', 'InvtPart', 'InvtPart', 'NonInvtPart', 'Service', 'Assembly', 'OthCharge']) AS itemtype,
    pick('subtype', n, ['Sale', 'Resale', NULL]) AS subtype, itemid AS fullname,
    pick('adjective', n, ['Fine', 'Rustic', 'Große', '100%', 'Lady''s', 'Heavy']) || ' ' || pick('thing', n, ['Bolt', 'Table', 'Thé', 'Pipe 3/4"', 'Chair']) AS displayname,
    remark(n + 5) AS description, '1, 2, 3' AS subsidiary, pick('class', n, [1, 2, 3, 5, NULL]) AS class, pick('location', n, [1, 2, 3, 4]) AS location,
    CASE WHEN n % 6 <> 0 THEN round(draw('cost', n, 10000000) / CASE WHEN n % 10 = 0 THEN 100000000 ELSE 1000 END, 8) END AS cost, cost AS averagecost,
    54 AS incomeaccount, 58 AS expenseaccount, CASE WHEN itemtype IN ('InvtPart', 'Assembly') THEN 8 END AS assetaccount,
    CASE WHEN itemtype = 'InvtPart' THEN pick('costing', n, ['AVG', 'FIFO', 'LOT']) END AS costingmethod, 'F' AS islotitem,
    draw('weight', n, 9999999) / 1000000 AS weight, '3' AS weightunits, pick('upc', n, ['012345678905', NULL]) AS upccode,
    flag(n % 19 = 4) AS isinactive, flag(itemtype = 'InvtPart') AS isfulfillable, flag(n % 2 = 0) AS isonline,
    moment('item', n) AS createddate, CASE WHEN n % 2 = 0 THEN TIMESTAMP '2024-11-03 01:30:00' ELSE moment('item', n) + INTERVAL 3 HOUR END AS lastmodifieddate,
    CASE WHEN n % 3 > 0 THEN 'ITEM_' || n END AS externalid, pick('brand', n, ['Acme', 'L''Atelier', NULL]) AS custitem_brand,
    flag(n % 13 = 0) AS custitem_hazard, CASE WHEN n % 4 = 0 THEN draw('density', n, 1000) / 100000000 END AS custitem_density
  FROM range(grown(450)) r(n) WHERE draw('itemgone', n, 30) > 0;
INSERT INTO item BY NAME FROM (VALUES (-2, 'Subtotal', 'OthCharge'), (-3, 'Description', 'OthCharge')) AS v(id, itemid, itemtype);
UPDATE item SET createddate = TIMESTAMP '2022-01-03 00:00:00', lastmodifieddate = TIMESTAMP '2022-01-03 00:00:00', displayname = itemid WHERE id < 0;
CREATE OR REPLACE TEMP TABLE item_rank AS SELECT id, itemtype, cost, row_number() OVER (ORDER BY id) - 1 AS rank FROM item WHERE id > 0;
SET VARIABLE items = (SELECT count(*) FROM item_rank);
INSERT INTO pricing BY NAME
  SELECT row_number() OVER (ORDER BY i.id, l.id) AS internalid, i.id AS item, l.id AS pricelevel, 1 AS currency, 0 AS quantity,
    round(coalesce(i.cost, 9.99) * (1.6 + coalesce(l.discountpct, 0) / 100), 8) AS unitprice FROM item_rank i, pricelevel l;
INSERT INTO inventorybalance BY NAME
  SELECT i.id AS item, l.id AS location, s::VARCHAR AS inventorystatus, draw('onhand', i.id * 10 + l.id + s, 500) AS quantityonhand,
    draw('onhand', i.id * 10 + l.id + s, 500) - draw('committed', i.id, 3) AS quantityavailable
  FROM item_rank i, location l, range(1, 3) r(s) WHERE i.itemtype = 'InvtPart' AND (s = 1 OR i.id % 7 = 0);
UPDATE item SET totalquantityonhand = b.onhand, totalvalue = round(b.onhand * cost, 2)
  FROM (SELECT item, sum(quantityonhand) AS onhand FROM inventorybalance GROUP BY item) b WHERE b.item = item.id;

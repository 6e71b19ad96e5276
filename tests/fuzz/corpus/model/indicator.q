indicators:
  - {id: i, label: I, definition: d, kind: quantile, register: lots, num: half, q: "1"}

units:
  - {code: x, dimension: x, label: U, factor: "0"}

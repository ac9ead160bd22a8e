ink = '#ececec'; muted = '#b4b4b4'; faint = '#3b3f46'; paper = '#16181c'
c1 = '#56b4e9'; c2 = '#ff8c42'; c3 = '#2fc79a'; c4 = '#e59bc4'; c5 = '#f0b93a'; c6 = '#9ad4f7'; c7 = '#b4b4b4'
predict = '#56b4e9'; shallow = '#f0b93a'; reuse = '#33373d'
set encoding utf8
set datafile separator comma
set datafile missing ''
set border 3 linecolor rgb ink linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb ink font ',11'
set xtics offset 0,0.3
set grid back linecolor rgb faint linewidth 0.7 linetype 1
unset key

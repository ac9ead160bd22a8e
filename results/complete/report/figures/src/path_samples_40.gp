# In the folder above: gnuplot -e "load 'src/light.gp'" src/path_samples_40.gp (after set terminal ...)
data = 'src/path_samples_40.csv'
set lmargin at screen 0.0380952380952381
set rmargin at screen 0.9619047619047619
set tmargin at screen 0.9055555555555556
set bmargin at screen 0.12777777777777777
set xrange [0:1]
set yrange [0:280]
set label 'scheduler call, from noise to picture' at screen 0.50000,0.03056 center font ',12' textcolor rgb ink
set xrange [-0.6:49.6]
set xtics 0,5 font ',11'
unset ytics
set border 1
unset grid
set style fill solid noborder
set object rectangle from screen 0.03810,0.93333 to screen 0.07143,0.96111 fillcolor rgb predict fillstyle solid noborder
set label 'predicts' at screen 0.08333,0.94722 left font ',11' textcolor rgb ink
set object rectangle from screen 0.24000,0.93333 to screen 0.27333,0.96111 fillcolor rgb reuse fillstyle solid noborder
set label 'last output again' at screen 0.28524,0.94722 left font ',11' textcolor rgb ink
base(r) = 280 - 7 * (r + 1)
plot data using ($4==0 ? $2 : NaN):(0):($2-0.5):($3+0.5):(base($1)+1):(base($1)+7) with boxxyerror fillcolor rgb reuse, \
  data using ($4==1 ? $2 : NaN):(0):($2-0.5):($3+0.5):(base($1)+1):(base($1)+7) with boxxyerror fillcolor rgb predict, \
  data using ($4==2 ? $2 : NaN):(0):($2-0.5):($3+0.5):(base($1)+1):(base($1)+7) with boxxyerror fillcolor rgb shallow

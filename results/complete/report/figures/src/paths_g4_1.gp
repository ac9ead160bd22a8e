# In the folder above: gnuplot -e "load 'src/light.gp'" src/paths_g4_1.gp (after set terminal ...)
data = 'src/paths_g4_1.csv'
set lmargin at screen 0.025
set rmargin at screen 0.975
set tmargin at screen 0.9114583333333334
set bmargin at screen 0.11979166666666667
set xrange [0:1]
set yrange [0:304]
set label 'scheduler call, from noise to picture' at screen 0.50000,0.02865 center font ',12' textcolor rgb ink
set xrange [-0.6:49.6]
set xtics 0,5 font ',11'
unset ytics
set border 1
unset grid
set style fill solid noborder
set object rectangle from screen 0.02500,0.93750 to screen 0.04688,0.96354 fillcolor rgb predict fillstyle solid noborder
set label 'predicts' at screen 0.05469,0.95052 left font ',11' textcolor rgb ink
set object rectangle from screen 0.15750,0.93750 to screen 0.17938,0.96354 fillcolor rgb shallow fillstyle solid noborder
set label 'shallow forward' at screen 0.18719,0.95052 left font ',11' textcolor rgb ink
set object rectangle from screen 0.36219,0.93750 to screen 0.38406,0.96354 fillcolor rgb reuse fillstyle solid noborder
set label 'last output again' at screen 0.39188,0.95052 left font ',11' textcolor rgb ink
set label 'DeepCache N=2' at screen 0.02500,0.88281 left font ',11' textcolor rgb ink
set label '25.0 of 50 predict' at screen 0.97500,0.88281 right font ',10' textcolor rgb muted
set label 'DeepCache N=3' at screen 0.02500,0.78385 left font ',11' textcolor rgb ink
set label '17.0 of 50 predict' at screen 0.97500,0.78385 right font ',10' textcolor rgb muted
set label 'DeepCache N=5' at screen 0.02500,0.68490 left font ',11' textcolor rgb ink
set label '10.0 of 50 predict' at screen 0.97500,0.68490 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.005, Cmax=2' at screen 0.02500,0.58594 left font ',11' textcolor rgb ink
set label '43.9 of 50 predict' at screen 0.97500,0.58594 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.005, Cmax=4' at screen 0.02500,0.48698 left font ',11' textcolor rgb ink
set label '43.7 of 50 predict' at screen 0.97500,0.48698 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.005, Cmax=6' at screen 0.02500,0.38802 left font ',11' textcolor rgb ink
set label '43.7 of 50 predict' at screen 0.97500,0.38802 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.01, Cmax=2' at screen 0.02500,0.28906 left font ',11' textcolor rgb ink
set label '38.8 of 50 predict' at screen 0.97500,0.28906 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.01, Cmax=4' at screen 0.02500,0.19010 left font ',11' textcolor rgb ink
set label '38.0 of 50 predict' at screen 0.97500,0.19010 right font ',10' textcolor rgb muted
base(r) = 304 - 38 * (r + 1)
bar = 18
plot data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar) with boxxyerror fillcolor rgb reuse, \
  data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar*$3) with boxxyerror fillcolor rgb predict, \
  data using 2:(0):($2-0.44):($2+0.44):(base($1)+bar*$3):(base($1)+bar*($3+$4)) with boxxyerror fillcolor rgb shallow
